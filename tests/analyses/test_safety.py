"""Safety: complications by grade and adjunct, and exact upper limits where there are none."""

from dataclasses import replace

import pytest

from abate import Ref
from abate.analysis.outcome import check
from abate_analyses import Safety

LEAK = ("complication", "cement leak")


@pytest.fixture(scope="module")
def published(published_study):
    return check(Safety().run(published_study))


def number(estimate):
    return estimate.counts["numerator"], estimate.n


def event(lesion, patient, grade=None, *, lasting=False, what=LEAK):
    return (lesion, patient, *what, grade, None, lasting)


class TestOnThePublishedStudy:
    def test_figure_11_one_lasting_complication_in_a_lesion_with_rfa(self, published):
        assert number(published["lasting-lesions"]) == (1, 11)
        assert number(published["lasting-adjunct-rfa"]) == (1, 3)
        assert number(published["lasting-without-adjunct"]) == (0, 8)
        assert number(published["name-left-leg-paralysis"]) == (1, 11)

    def test_treated_lesions_and_patients_are_denominators_too(self, published):
        assert number(published["lasting-treated-lesions"]) == (1, 13)
        assert number(published["lasting-patients"]) == (1, 10)
        assert number(published["lasting-treated-patients"]) == (1, 12)

    def test_a_grade_that_nobody_stated_is_not_derived(self, published):
        assert number(published["grade-not-stated"]) == (1, 11)

    def test_the_exact_interval_is_that_of_r(self, published):
        # R: binom.test(1, 11)$conf.int
        ends = published["lasting-lesions"].interval
        assert (ends.low, ends.high) == pytest.approx((0.002298966, 0.412779), abs=1e-6)

    def test_where_none_happened_the_exact_upper_limit_stands(self, published):
        # 1 - 0.025^(1/8): all eight without one has probability 0.025 then. Not 3 / 8.
        none = published["lasting-without-adjunct"]
        assert (none.value, none.interval.low) == (0, 0)
        assert none.interval.high == pytest.approx(1 - 0.025 ** (1 / 8))
        assert "one-sided 97.5 %, not the rule of three" in none.method

    def test_deaths_and_re_treatments_stand_apart(self, published):
        assert number(published["deaths"]) == (0, 10)
        assert published["deaths"].basis == "patient"
        assert number(published["re-treatments"]) == (0, 11)

    def test_the_table_holds_no_number(self, published):
        [table] = published.tables
        assert all(isinstance(cell, str | Ref) for row in table.rows for cell in row)


def test_two_complications_of_a_lesion_are_one_lesion_and_two_events(cohort_of):
    events = [event("L1", "P1", "mild"), event("L1", "P1", "severe", lasting=True)]
    result = Safety().run(cohort_of(("P1", {}), ("P2", {}), events=events))
    assert number(result["complication-lesions"]) == (1, 2)
    assert result["complications"].value == 2
    assert number(result["grade-mild"]) == number(result["grade-severe"]) == (1, 2)
    assert number(result["lasting-lesions"]) == (1, 2)


def test_an_event_of_no_lesion_counts_for_its_patient_only(cohort_of):
    result = Safety().run(cohort_of(("P1", {}), events=[event(None, "P1")]))
    assert number(result["complication-lesions"]) == (0, 1)
    assert number(result["complication-patients"]) == (1, 1)
    assert result["patient-level-complications"].value == 1
    assert any("belongs to no lesion" in note for note in result.notes)


def test_an_event_of_an_excluded_lesion_counts_over_the_treated_only(cohort_of):
    excluded = {"excluded_by": "no-score"}
    cohort = cohort_of(("P1", {}), ("P2", {}, excluded), events=[event("L2", "P2")])
    result = Safety().run(cohort)
    assert number(result["complication-lesions"]) == (0, 1)
    assert number(result["complication-treated-lesions"]) == (1, 2)
    assert number(result["complication-treated-patients"]) == (1, 2)


def test_a_death_and_a_re_treatment_are_no_complications(cohort_of):
    events = [
        event(None, "P1", what=("death", "death"), lasting=True),
        event("L2", "P2", what=("re-treatment", "re-treatment")),
    ]
    result = Safety().run(cohort_of(("P1", {}), ("P2", {}), events=events))
    assert number(result["complication-patients"]) == (0, 2)
    assert number(result["deaths"]) == (1, 2)
    assert number(result["re-treatments"]) == (1, 2)


def test_a_lesion_with_two_adjuncts_counts_with_each(cohort_of):
    cohort = cohort_of(
        ("P1", {}),
        ("P2", {}),
        adjuncts=[("L1", "rfa"), ("L1", "kyphoplasty"), ("L2", "rfa")],
        events=[event("L1", "P1")],
    )
    result = Safety().run(cohort)
    assert number(result["complication-adjunct-rfa"]) == (1, 2)
    assert number(result["complication-adjunct-kyphoplasty"]) == (1, 1)
    empty = result["complication-without-adjunct"]
    assert (empty.value, empty.n, empty.interval, empty.note) == (None, 0, None, "there are none")


def test_no_events_at_all_are_a_result_with_upper_limits(cohort_of):
    result = check(Safety().run(cohort_of(("P1", {}), ("P2", {}))))
    # R: binom.test(0, 2)$conf.int
    assert result["complication-lesions"].interval.high == pytest.approx(0.8418861)


def test_no_analysed_lesion_is_not_estimable(cohort_of):
    assert Safety().run(cohort_of()).reason == "there are no analysed lesions"


def test_grades_that_differ_by_a_capital_letter_are_two(cohort_of):
    events = [event("L1", "P1", "severe"), event("L2", "P2", "Severe")]
    result = check(Safety().run(cohort_of(("P1", {}), ("P2", {}), events=events)))
    assert len([one for one in result.estimates if one.name.startswith("grade-severe")]) == 2


def test_an_event_without_a_name_is_not_named(cohort_of):
    events = [event("L1", "P1", what=("complication", None))]
    result = Safety().run(cohort_of(("P1", {}), events=events))
    assert number(result["name-not-named"]) == (1, 1)
    assert result["name-not-named"].label == "lesions with: not named"
    assert result.units["name-not-named"].counts == {"numerator": {"L1"}}


def test_the_further_complications_of_a_lesion_are_a_count_that_a_small_cell_may_hide(cohort_of):
    events = [event("L1", "P1"), event("L1", "P1"), event("L2", "P2")]
    found = Safety().run(cohort_of(("P1", {}), ("P2", {}), events=events))["complications"]
    assert found.counts == {"complication-lesions": 2, "further complications": 1}
    assert found.depends_on == ["complication-lesions"]


def test_more_further_complications_than_lesions_are_no_part_of_the_lesions(cohort_of):
    result = check(Safety().run(cohort_of(("P1", {}), events=[event("L1", "P1")] * 3)))
    assert result["complications"].value == 3
    assert result["complications"].counts == {"complication-lesions": 1}


def test_where_no_event_is_looked_for_that_there_is_none_is_no_finding(cohort_of):
    cohort = replace(cohort_of(("p", {"baseline": 6, "Wk1": 2})), event_kinds=())
    result = Safety().run(cohort)
    assert [one.name for one in result.estimates] == [
        "complication-lesions", "deaths", "re-treatments",
    ]  # fmt: skip
    missing = result["complication-lesions"]
    assert (missing.value, missing.interval, missing.n) == (None, None, 1)
    assert "[event.NAME]" in missing.note
    assert set(check(result).units) == {one.name for one in result.estimates}


def test_where_events_are_not_assessable_none_is_counted_and_the_reason_stands_there(cohort_of):
    """The kind that can be assessed is not counted alone: any complication would be too few."""
    cohort = replace(
        cohort_of(("p", {"baseline": 6, "Wk1": 2})),
        not_assessable={"event.leak": "the source has no Condition that can be found"},
    )
    result = Safety().run(cohort)
    assert [one.name for one in result.estimates] == [
        "complication-lesions", "deaths", "re-treatments",
    ]  # fmt: skip
    missing = result["complication-lesions"]
    assert (missing.value, missing.method) == (None, "complications are not assessable")
    assert missing.note == "the source has no Condition that can be found"
    assert result.notes == ["complications are not assessable: that none is shown says nothing."]


def test_the_names_of_grades_and_complications_come_from_the_data(cohort_of):
    found = Safety().run(
        cohort_of(("p", {"baseline": 6, "Wk1": 2}), events=[event("L1", "p", "3")])
    )
    assert {one.name for one in found.estimates if one.from_data} == {
        one.name for one in found.estimates if one.name.startswith(("grade-", "name-"))
    }
