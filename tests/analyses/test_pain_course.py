"""The course of pain: n, median, quartiles at each visit."""

from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import polars as pl
import pytest

from abate import Ref
from abate.analysis.outcome import check
from abate_analyses import PainCourse
from abate_analyses.statistics.quantiles import quartiles


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # R 4.2.2: quantile(x, c(0.25, 0.5, 0.75), type = 7)
        ([6, 2, 8, 5, 7, 2, 2, 3, 5, 5], (2.25, 5, 5.75)),  # table 2, D0
        ([1, 0, 4, 1, 0, 4, 3, 4], (0.75, 2, 4)),  # table 2, Wk1
        ([1, 2], (1.25, 1.5, 1.75)),
        ([4], (4, 4, 4)),
    ],
)
def test_quartiles_are_those_of_r_type_7(values, expected):
    assert quartiles(values) == expected


def test_each_visit_has_its_own_n(cohort_of):
    cohort = cohort_of(("P1", {"baseline": 6, "Wk1": 1}), ("P2", {"baseline": 4}))
    result = PainCourse().run(cohort)
    assert (result["median-baseline"].value, result["median-baseline"].n) == (5, 2)
    assert (result["median-Wk1"].value, result["median-Wk1"].n) == (1, 1)


def test_a_visit_without_a_score_is_there_and_not_estimable(cohort_of):
    result = PainCourse().run(cohort_of(("P1", {"baseline": 6})))
    empty = result["median-D1"]
    assert (empty.value, empty.n, empty.interval) == (None, 0, None)
    assert empty.note == "no analysed lesion was scored then"


def test_visits_are_in_their_order(cohort_of):
    result = PainCourse().run(cohort_of(("P1", {"Wk1": 1, "baseline": 6})))
    assert names(result, "median-", without="locf") == [
        "median-baseline", "median-D1", "median-D2", "median-Wk1",
    ]  # fmt: skip


def test_the_table_cites_the_estimates_and_holds_no_number(cohort_of):
    result = PainCourse().run(cohort_of(("P1", {"Wk1": 1}), ("P2", {"Wk1": 2})))
    course = result.tables[0]
    assert course.columns == (
        "visit", "n", "first quartile", "median", "third quartile", "lowest", "highest",
    )  # fmt: skip
    assert read(result, course.rows[3]) == ["Wk1", 2, 1.25, 1.5, 1.75, 1, 2]
    assert read(result, course.rows[0]) == ["baseline", 0, None, None, None, None, None]
    for table in result.tables:
        assert all(isinstance(cell, str | Ref) for row in table.rows for cell in row)


def test_an_excluded_lesion_does_not_count(cohort_of):
    cohort = cohort_of(("P1", {"Wk1": 1}), ("P2", {"Wk1": 9}, {"excluded_by": "no baseline"}))
    assert PainCourse().run(cohort)["median-Wk1"].value == 1


def test_method_population_and_unit_are_named(cohort_of):
    median = PainCourse().run(cohort_of(("P1", {"Wk1": 1})))["median-Wk1"]
    assert median.method == "median of observed scores, with quartiles (R type 7); nothing imputed"
    assert median.population == "analysed lesions with a Wk1 score"
    assert (median.unit, median.statistic, median.basis) == ("{score}", "median", "lesion")


def test_the_range_is_marked_as_single_lesions_values(cohort_of):
    result = PainCourse().run(cohort_of(("P1", {"Wk1": 1}), ("P2", {"Wk1": 7})))
    ends = result["range-Wk1"]
    assert (ends.interval.low, ends.interval.high, ends.value) == (1, 7, 6)
    assert (ends.interval.kind, ends.individual) == ("range", True)


class TestStates:
    def test_each_lesion_is_in_one_state_at_each_visit(self, cohort_of):
        result = PainCourse().run(of_each_state(cohort_of))
        assert {name: result[f"{name}-Wk1"].value for name in STATES} == {
            "scored": 2, "not-scored": 1, "dead": 1, "re-treated": 1, "not-due": 1,
        }  # fmt: skip
        assert {result[f"{name}-Wk1"].n for name in STATES} == {6}

    def test_the_dead_are_not_in_the_variable_denominator(self, cohort_of):
        due = PainCourse().run(of_each_state(cohort_of))["scored-of-due-Wk1"]
        assert (due.counts["numerator"], due.n) == (2, 3)
        assert due.population == "analysed lesions alive, followed and due at Wk1"

    def test_re_treated_is_left_out_where_none_was(self, cohort_of):
        result = PainCourse().run(cohort_of(("P1", {"Wk1": 1})))
        assert names(result, "re-treated") == []
        assert names(result, "dead") == ["dead-baseline", "dead-D1", "dead-D2", "dead-Wk1"]

    def test_without_windows_there_are_medians_and_no_states(self, cohort_of):
        cohort = replace(cohort_of(("P1", {"Wk1": 1})), windows={})
        result = PainCourse().run(cohort)
        assert result["median-Wk1"].value == 1
        assert names(result, "scored-Wk1") == []


STATES = ("scored", "not-scored", "dead", "re-treated", "not-due")


def of_each_state(cohort_of):
    """Two scored at Wk1; one missed; one dead on day 4; one re-treated on day 3; one not due."""
    start = date(2020, 1, 1)
    return cohort_of(
        ("P1", {"baseline": 6, "Wk1": 1}),
        ("P2", {"baseline": 6, "Wk1": 3}),
        ("P3", {"baseline": 4, "D2": 2}),
        ("P4", {"baseline": 4}, {"death": start + timedelta(days=124), "end_reason": "death"}),
        ("P5", {"baseline": 4}, {"end_reason": "re-treated", "follow_up_days": 3}),
        ("P6", {"baseline": 4}),
        cutoff=start + timedelta(days=185),
    )


class TestCarriedForward:
    # P3's 2 of D2 is carried to Wk1: 1, 3, 2; the dead, the re-treated, the not due are left out.
    def test_the_last_score_is_carried_while_alive_followed_and_due(self, cohort_of):
        carried = PainCourse().run(of_each_state(cohort_of))["median-locf-Wk1"]
        assert (carried.value, carried.n) == (2, 3)
        assert carried.method.startswith("sensitivity")

    def test_those_due_were_scored_or_have_an_earlier_score_or_were_never_scored(self, cohort_of):
        cohort = cohort_of(("P1", {"Wk1": 1}), ("P2", {"D2": 2}), ("P3", {}), ("P4", {}))
        result = PainCourse().run(cohort)
        units = {name: set(result.units[name].data) for name in result.units}
        assert units["median-Wk1"] < units["median-locf-Wk1"] < units["scored-of-due-Wk1"]
        assert len(units["median-locf-Wk1"]) == 2

    def test_it_depends_on_the_number_that_was_scored(self, cohort_of):
        result = PainCourse().run(cohort_of(("P1", {"Wk1": 1})))
        assert result["median-locf-Wk1"].depends_on == ["scored-Wk1"]

    def test_nothing_is_carried_backwards(self, cohort_of):
        carried = PainCourse().run(cohort_of(("P1", {"Wk1": 1})))["median-locf-D1"]
        assert (carried.value, carried.n) == (None, 0)


class TestOnThePublishedStudy:
    # Figure 8 of the paper; the n are counted in table 2. M8: no lesion was scored.
    MEDIANS: ClassVar = {
        "baseline": (5, 10), "D1": (3, 9), "D2": (3, 9), "Wk1": (2, 8), "Wk2": (2, 6),
        "Wk3": (0, 5), "M1": (1.5, 6), "M2": (1, 4), "M3": (1, 5), "M4": (0, 3), "M5": (0, 3),
        "M6": (0, 1), "M7": (0, 2), "M8": (None, 0), "M9": (1, 1),
    }  # fmt: skip

    def test_the_medians_are_those_of_the_figure(self, published_study):
        result = PainCourse().run(published_study)
        found = {visit: result[f"median-{visit}"] for visit in self.MEDIANS}
        assert {visit: (one.value, one.n) for visit, one in found.items()} == self.MEDIANS

    def test_the_lines_are_all_chosen_scores(self, published_study):
        lines, strip = PainCourse().run(published_study).charts
        assert len(lines.data["lesions"]) == len(strip.data["scores"]) == 72
        assert lines.data["lesions"][0] == {
            "lesion": "lesion 1", "visit": "baseline", "day": 0, "score": 6,
        }  # fmt: skip
        assert all(isinstance(row["median"], Ref) for row in lines.data["medians"])


def test_the_strip_says_why_a_score_was_not_taken(cohort_of):
    cohort = cohort_of(("P1", {"baseline": 6, "Wk1": 1}))
    passed = pl.col("visit") == "Wk1"
    scores = cohort.scores.with_columns(
        chosen=~passed, left_out_by=pl.when(passed).then(pl.lit("duplicate"))
    )
    strip = PainCourse().run(replace(cohort, scores=scores)).charts[1]
    assert [row["why"] for row in strip.data["scores"]] == ["taken", "duplicate"]
    assert {"visit": "Wk1", "first": 4.5, "last": 10.5, "odd": "no"} in strip.data["windows"]


def test_many_lesions_are_not_drawn_one_by_one_and_a_note_says_so(cohort_of):
    result = PainCourse().run(cohort_of(*((f"P{n}", {"Wk1": 1}) for n in range(201))))
    [lines] = result.charts
    assert lines.data["lesions"] == []
    assert result.notes == [
        "There are too many lesions to draw each one: the chart shows the medians only."
    ]


def test_no_analysed_lesion_is_not_estimable(cohort_of):
    assert PainCourse().run(cohort_of()).reason == "there are no analysed lesions"


def test_the_result_is_one_that_can_be_kept(published_study):
    assert check(PainCourse().run(published_study)).charts[0].alt.isascii()


def names(result, prefix, without="~"):
    found = [one.name for one in result.estimates]
    return [name for name in found if name.startswith(prefix) and without not in name]


def read(result, row):
    return [result.cited(cell) if isinstance(cell, Ref) else cell for cell in row]
