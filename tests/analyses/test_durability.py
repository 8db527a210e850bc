"""Durability: follow-up, longest relief, loss of relief, net pain relief, persistence."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from abate import LastOf, Ref
from abate.analysis.outcome import check
from abate_analyses import Durability

FIRST_WEEK = LastOf(("D1", "D2", "Wk1"))
ALL = ("baseline", "D1", "D2", "Wk1", "Wk2", "Wk3", "M1", "M2", "M3")
DEATH = (None, "P", "death", "death", None, None, True)


@pytest.fixture(scope="module")
def published(published_study):
    return Durability(endpoint=FIRST_WEEK).run(published_study)


def durability(cohort, **parameters):
    return Durability(endpoint=FIRST_WEEK, **parameters).run(cohort)


def dead_on(day, lesion=1):
    """Columns of a lesion whose patient dies on a day after its index procedure."""
    death = date(2020, 1, 1) + timedelta(days=30 * lesion + day)
    return {"death": death, "follow_up_days": day, "end_reason": "death"}


class TestOnThePublishedStudy:
    # The figures of the paper (README of the example), by the readings that reproduce them.
    def test_figure_6_the_median_follow_up_is_16_weeks(self, published):
        follow_up = published["follow-up"]
        assert (follow_up.value, follow_up.n, follow_up.unit) == (16, 10, "wk")
        assert follow_up.basis == "patient"
        # R: quantile(c(2, 14, 21, 56, 112, 112, 112, 168, 196, 252) / 7, type = 7).
        ends = follow_up.interval
        assert (ends.low, ends.high) == pytest.approx((29.75 / 7, 22))

    def test_figure_7_the_longest_relief_is_9_months(self, published):
        longest = published["longest-relief"]
        assert (longest.value, longest.unit, longest.individual) == (9, "mo", True)
        assert longest.cases == ["lesion 2, M9"]
        assert "a month is 4 weeks" in longest.method
        assert published["longest-relief-weeks"].value == 36

    def test_figure_5_ten_of_eleven_are_not_worse(self, published):
        relief = published["relief"]
        assert (relief.counts["numerator"], relief.n) == (10, 11)

    def test_figure_13_relief_held_in_8_of_9_and_the_other_is_named(self, published):
        held = published["persistence"]
        assert (held.counts["numerator"], held.n) == (8, 9)
        assert held.cases == ["lesion 6 at M5: 6, above its reference 2 (0 again at M6)"]
        # R: binom.test(8, 9)$conf.int
        assert (held.interval.low, held.interval.high) == pytest.approx((0.5175035, 0.9971909))

    def test_loss_shows_first_at_month_5(self, published):
        # Three are at risk at M5 (lesions 2, 3, 6), and lesion 6 is lost: 1 / 3.
        assert published["loss-M4"].value == 0
        assert published["loss-M5"].value == pytest.approx(1 / 3)
        assert published["loss-M5"].counts == {
            "at risk at M5": 3, "losses by M5": 1, "deaths by M5": 0,
        }  # fmt: skip

    def test_without_deaths_kaplan_meier_says_the_same(self, published):
        assert published["loss-km-M9"].value == pytest.approx(published["loss-M9"].value)

    def test_the_median_time_is_not_reached(self, published):
        median = published["median-time-to-loss"]
        assert (median.value, median.note) == (None, "not reached")

    def test_net_pain_relief_is_of_ten_lesions(self, published):
        # Lesion 6 140 of 168 days, the other nine all of theirs.
        assert (published["net-pain-relief"].value, published["net-pain-relief"].n) == (1, 10)

    def test_the_table_and_the_chart_cite_estimates_only(self, published):
        [table] = published.tables
        assert all(isinstance(cell, str | Ref) for row in table.rows for cell in row)
        [chart] = published.charts
        assert all(isinstance(row["incidence"], Ref) for row in chart.data["curves"])

    def test_the_result_is_one_that_can_be_kept(self, published):
        assert check(published).reason is None


def test_follow_up_is_the_longest_of_a_patients_lesions_own_clocks(cohort_of):
    # The second lesion's last score is the later one by date; the first one's clock ran longer.
    cohort = cohort_of(
        ("P", {"baseline": 5, "Wk1": 1, "M1": 1}), ("P", {"baseline": 5, "Wk1": 1}), visits=ALL
    )
    follow_up = durability(cohort)["follow-up"]
    assert (follow_up.value, follow_up.n) == (4, 1)


def test_a_death_competes_and_kaplan_meier_overestimates(cohort_of):
    # Of three with relief one dies on day 10, then one of two is lost at Wk2 (day 14).
    cohort = cohort_of(
        ("A", {"baseline": 5, "Wk1": 1}, dead_on(10)),
        ("B", {"baseline": 5, "Wk1": 1, "Wk2": 6}),
        ("C", {"baseline": 5, "Wk1": 1, "M1": 1}),
        visits=ALL,
    )
    result = durability(cohort)
    assert result["loss-Wk2"].value == pytest.approx(1 / 3)
    assert result["death-Wk2"].value == pytest.approx(1 / 3)
    assert result["loss-km-Wk2"].value == pytest.approx(1 / 2)
    assert "overestimates" in result["loss-km-Wk2"].method


def test_a_death_without_a_day_counts_at_the_last_contact(cohort_of):
    cohort = cohort_of(
        ("P", {"baseline": 5, "Wk1": 1, "Wk2": 1}),
        ("Q", {"baseline": 5, "Wk1": 1, "Wk2": 1, "M1": 1}),
        events=[DEATH],
        visits=ALL,
    )
    assert durability(cohort)["death-Wk2"].value == pytest.approx(1 / 2)


def test_a_re_treated_lesion_is_censored_at_its_re_treatment(cohort_of):
    more = {"follow_up_days": 20, "end_reason": "re-treated"}
    cohort = cohort_of(
        ("A", {"baseline": 5, "Wk1": 1}, more),
        ("B", {"baseline": 5, "Wk1": 1, "M1": 6}),
        visits=ALL,
    )
    result = durability(cohort)
    assert result["loss-Wk3"].counts["at risk at Wk3"] == 2
    assert result["loss-M1"].counts["at risk at M1"] == 1
    assert result["loss-M1"].value == 1


def test_after_the_last_follow_up_nothing_is_estimated(cohort_of):
    result = durability(cohort_of(("A", {"baseline": 5, "Wk1": 1, "Wk2": 1}), visits=ALL))
    assert result["loss-Wk2"].value == 0
    late = result["loss-M1"]
    assert (late.value, late.note) == (None, "no lesion was followed to that visit")


def test_a_loss_at_once_has_its_median_time_in_weeks(cohort_of):
    cohort = cohort_of(("A", {"baseline": 5, "Wk1": 1, "Wk2": 6}), visits=ALL)
    assert durability(cohort)["median-time-to-loss"].value == 2


def test_the_same_score_as_the_reference_is_a_loss_only_where_asked(cohort_of):
    cohort = cohort_of(("A", {"baseline": 5, "Wk1": 1, "Wk2": 5}), visits=ALL)
    assert durability(cohort)["loss-Wk2"].value == 0
    assert durability(cohort, loss="at-or-above-reference")["loss-Wk2"].value == 1


def test_net_pain_relief_is_time_in_relief_over_survival(cohort_of):
    # Lost on day 14, dead on day 56: a quarter.
    cohort = cohort_of(("A", {"baseline": 5, "Wk1": 1, "Wk2": 6}, dead_on(56)), visits=ALL)
    assert durability(cohort)["net-pain-relief"].value == 0.25


def test_relief_is_longest_to_the_visit_before_the_loss(cohort_of):
    cohort = cohort_of(("A", {"baseline": 5, "Wk1": 1, "Wk3": 2, "M1": 6, "M2": 0}), visits=ALL)
    longest = durability(cohort)["longest-relief-weeks"]
    assert (longest.value, longest.cases) == (3, ["lesion 1, Wk3"])


def test_a_lesion_lost_at_its_first_later_score_held_to_the_endpoint(cohort_of):
    cohort = cohort_of(("A", {"baseline": 5, "D1": 1, "Wk2": 6}), visits=ALL)
    longest = durability(cohort)["longest-relief-weeks"]
    assert (longest.value, longest.cases) == (1 / 7, ["lesion 1, D1"])


def test_of_many_cases_the_first_are_named_and_the_others_counted(cohort_of):
    lost = {"baseline": 5, "Wk1": 1, "Wk2": 6}
    cohort = cohort_of(*((f"P{n}", lost) for n in range(23)), visits=ALL)
    cases = durability(cohort)["persistence"].cases
    assert (len(cases), cases[-1]) == (21, "and 3 more")


def test_nobody_with_relief_is_a_result(cohort_of):
    result = check(durability(cohort_of(("A", {"baseline": 1, "Wk1": 5}), visits=ALL)))
    for name in ("longest-relief", "net-pain-relief", "persistence", "loss-Wk2"):
        assert (result[name].value, result[name].n) == (None, 0)
        assert result[name].note
    assert result["follow-up"].value == 1


def test_no_pair_of_scores_is_a_result(cohort_of):
    result = check(durability(cohort_of(("A", {"Wk1": 5}), visits=ALL)))
    assert (result["relief"].value, result["relief"].n) == (None, 0)


def test_no_windows_are_a_result_without_curves(cohort_of):
    cohort = replace(cohort_of(("A", {"baseline": 5, "Wk1": 1}), visits=ALL), windows={})
    result = check(durability(cohort))
    assert (result.tables, result.charts) == ([], [])
    assert result["persistence"].n == 0


def test_no_analysed_lesion_is_not_estimable(cohort_of):
    assert durability(cohort_of()).reason == "there are no analysed lesions"


def test_an_excluded_lesion_counts_nowhere(cohort_of):
    cohort = cohort_of(
        ("A", {"baseline": 5, "Wk1": 1}),
        ("B", {"baseline": 5, "Wk1": 1}, {"excluded_by": "no-baseline"}),
        visits=ALL,
    )
    result = durability(cohort)
    assert (result["relief"].n, result["follow-up"].n) == (1, 1)
