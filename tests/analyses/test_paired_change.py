"""Paired change: its size, and its tests by lesion and by patient."""

import csv
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from abate import LastOf, Ref
from abate.analysis.outcome import check
from abate_analyses import PairedChange

TABLE = Path(__file__).parents[2] / "examples" / "cementoplasty" / "table2_pain_scores.csv"
FIRST_WEEK = LastOf(("D1", "D2", "Wk1"))


@pytest.fixture
def published(cohort_of):
    """The first week of table 2 of the paper; lesions 2 and 8 are one patient's."""
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {"D0": "baseline", "D1": "D1", "D2": "D2", "Wk1": "Wk1"}
    return cohort_of(
        *(
            (
                "both" if row["lesion"] in ("2", "8") else f"P{row['lesion']}",
                {visit: float(row[column]) for column, visit in names.items() if row[column]},
            )
            for row in rows
        )
    )


@pytest.fixture
def pairs(cohort_of):
    """The result of pairs of a baseline and a score at Wk1, each of a patient of its own."""

    def run(*scores):
        lesions = [(f"P{n}", {"baseline": a, "Wk1": b}) for n, (a, b) in enumerate(scores)]
        return PairedChange(endpoint="Wk1").run(cohort_of(*lesions))

    return run


def numbers(estimate):
    return estimate.value, estimate.n


class TestOnThePublishedStudy:
    # R 4.2.2: binom.test(8, 9), binom.test(6, 7), binom.test(8, 8); quantile(type = 7).
    def test_the_first_week_has_the_p_of_the_paper(self, published):
        result = PairedChange(endpoint=FIRST_WEEK).run(published)
        assert result["sign-test"].p == 0.0390625
        assert numbers(result["falls"]) == (8, 10)
        assert numbers(result["rises"]) == (1, 10)
        assert numbers(result["ties"]) == (1, 10)

    def test_the_interval_of_the_share_of_falls_is_that_of_r(self, published):
        test = PairedChange(endpoint=FIRST_WEEK).run(published)["sign-test"]
        assert test.value == pytest.approx(8 / 9)
        # R: binom.test(8, 9)$conf.int
        assert (test.interval.low, test.interval.high) == pytest.approx((0.5175035, 0.9971909))

    def test_the_observed_week_alone_has_another(self, published):
        result = PairedChange(endpoint="Wk1").run(published)
        assert result["sign-test"].p == 0.125
        assert result["sign-test"].n == 7

    def test_one_lesion_a_patient_is_lesion_2_without_lesion_8(self, published):
        test = PairedChange(endpoint=FIRST_WEEK).run(published)["sign-test-first-lesion"]
        assert (test.p, test.n) == (0.0078125, 8)
        assert test.population.endswith(
            "first such lesion of each patient, whose two scores differ"
        )

    def test_the_median_is_of_all_at_the_endpoint_and_of_the_pairs(self, published):
        result = PairedChange(endpoint=FIRST_WEEK).run(published)
        assert numbers(result["median-endpoint"]) == (2, 11)
        assert numbers(result["median-endpoint-of-pairs"]) == (2.5, 10)
        assert numbers(result["median-change"]) == (-1.5, 10)

    def test_the_first_documented_score_may_be_the_reference(self, published):
        # Lesions 7 and 11 among them: 7 has no D0, 3 at D1, 0 at Wk1.
        result = PairedChange(endpoint="Wk1", reference="first").run(published)
        assert numbers(result["falls"]) == (7, 8)
        assert numbers(result["rises"]) == (1, 8)
        # 2 * (1 + 8) / 2^8, as of R: binom.test(7, 8).
        assert result["sign-test"].p == pytest.approx(0.0703125)


def test_a_fall_is_a_lower_score_after(pairs):
    result = pairs((6, 1), (3, 3), (2, 4))
    assert [result[name].value for name in ("falls", "rises", "ties")] == [1, 1, 1]
    assert result["median-change"].value == 0


def test_with_ties_only_the_test_is_not_estimable_and_the_counts_stand(pairs):
    result = pairs((3, 3), (5, 5))
    assert (result["ties"].value, result["ties"].n) == (2, 2)
    test = result["sign-test"]
    assert (test.value, test.p, test.n, test.note) == (None, None, 0, "every pair is a tie")


def test_one_pair_has_p_1(pairs):
    # R: binom.test(1, 1): p = 1, interval 0.025 to 1.
    test = pairs((6, 1))["sign-test"]
    assert (test.value, test.p, test.n) == (1, 1, 1)
    assert (test.interval.low, test.interval.high) == pytest.approx((0.025, 1))


def test_five_falls_of_five_have_p_one_in_sixteen(pairs):
    # R: binom.test(5, 5): 2 / 2^5.
    assert pairs(*[(6, 1)] * 5)["sign-test"].p == 0.0625


def test_it_makes_no_difference_which_way_pain_goes(pairs):
    assert pairs(*[(6, 1)] * 5)["sign-test"].p == pairs(*[(1, 6)] * 5)["sign-test"].p


def test_no_pair_is_not_estimable_and_says_of_what(cohort_of):
    cohort = cohort_of(("P1", {"baseline": 6}), ("P2", {"Wk1": 1}))
    result = PairedChange(endpoint="Wk1").run(cohort)
    assert result.reason == "there are no analysed lesions with a baseline score and a Wk1 score"
    assert result.estimates == ()


def test_an_excluded_lesion_is_no_pair(cohort_of):
    scores = {"baseline": 6, "Wk1": 1}
    cohort = cohort_of(("P1", scores), ("P2", scores, {"excluded_by": "no score after"}))
    assert PairedChange(endpoint="Wk1").run(cohort)["falls"].n == 1


def test_the_last_of_several_visits_is_the_latest_documented(cohort_of):
    cohort = cohort_of(("P1", {"baseline": 6, "D1": 1, "D2": 7}))
    assert PairedChange(endpoint=FIRST_WEEK).run(cohort)["rises"].value == 1


def test_the_patients_first_lesion_is_the_first_with_a_pair(cohort_of):
    cohort = cohort_of(
        ("P1", {"baseline": 6}),
        ("P1", {"baseline": 6, "Wk1": 1}),
        ("P1", {"baseline": 1, "Wk1": 6}),
    )
    test = PairedChange(endpoint="Wk1").run(cohort)["sign-test-first-lesion"]
    assert (test.value, test.n) == (1, 1)


def test_no_lesion_level_p_stands_alone(published):
    result = PairedChange(endpoint=FIRST_WEEK).run(published)
    tested = {one.name for one in result.estimates if one.p is not None}
    assert tested == {
        "sign-test", "sign-test-first-lesion", "wilcoxon", "wilcoxon-first-lesion",
        "wilcoxon-pratt", "wilcoxon-pratt-first-lesion", "patient-sign-flips",
    }  # fmt: skip


class TestTheSizeAndTheRanksOnThePublishedStudy:
    @pytest.fixture
    def result(self, published):
        return check(PairedChange(endpoint=FIRST_WEEK).run(published))

    @pytest.mark.parametrize(
        ("name", "p", "n"),
        [
            # R 4.2.2: coin 1.4-2, wilcoxsign_test(distribution = "exact", zero.method = ...)
            ("wilcoxon", 0.03515625, 9),
            ("wilcoxon-pratt", 0.0234375, 10),
            # Only falls: 2 / 2^8.
            ("wilcoxon-first-lesion", 0.0078125, 8),
            ("wilcoxon-pratt-first-lesion", 0.0078125, 9),
            # Enumeration of the 2^9 turnings of the patients' signs.
            ("patient-sign-flips", 0.03515625, 9),
        ],
    )
    def test_each_exact_p_is_that_of_r(self, result, name, p, n):
        assert (result[name].p, result[name].n) == (pytest.approx(p, abs=1e-12), n)
        assert "exact" in result[name].method

    @pytest.mark.parametrize(
        ("name", "n", "value", "interval"),
        [
            ("hodges-lehmann", 10, -2, (-4, -0.5, "95.1 % confidence, signed rank")),
            ("hodges-lehmann-zeros-dropped", 9, -2.5, (-5, -0.5, "96.1 % confidence, signed rank")),
            ("median-change-by-patient", 10, -1.5, (-5, -0.5, "95 % confidence, bootstrap")),
        ],
    )
    def test_the_fall_is_of_this_size(self, result, name, n, value, interval):
        found = result[name]
        assert (found.n, found.value, found.unit) == (n, value, "{score}")
        assert (found.interval.low, found.interval.high, found.interval.kind) == interval

    def test_the_sums_of_changes_are_counted_by_patient_and_not_shown(self, result):
        flips = result["patient-sign-flips"]
        assert (flips.value, flips.basis) == (None, "patient")
        assert flips.counts == {"falls": 8, "rises": 1, "ties": 0}

    def test_v_is_that_of_r(self, result):
        # R 4.2.2: wilcox.test(end, baseline, paired = TRUE)$statistic
        assert result["wilcoxon"].value == 4.5

    def test_one_lesion_a_patient_may_be_the_later_one(self, published):
        # Without lesion 2 instead of lesion 8: R: binom.test(8, 9).
        later = replace(published, lesions=published.lesions.filter(pl.col("label") != "lesion 2"))
        assert PairedChange(endpoint=FIRST_WEEK).run(later)["sign-test"].p == 0.0390625

    def test_every_lesion_is_a_line_and_the_medians_are_cited(self, result):
        slopes, waterfall = result.charts
        assert len(slopes.data["lesions"]) == 20
        assert [result.cited(row["score"]) for row in slopes.data["medians"]] == [5, 2.5]
        bars = [(row["lesion"], row["change"]) for row in waterfall.data["lesions"]]
        assert (bars[0], bars[1], bars[-1]) == (("lesion 8", 2), ("lesion 2", 0), ("lesion 4", -5))
        assert [result.cited(row["change"]) for row in waterfall.data["median"]] == [-1.5]

    def test_all_numbers_of_the_table_are_cited(self, result):
        [table] = result.tables
        assert all(isinstance(cell, Ref) for row in table.rows for cell in row[1:])


def test_with_ties_only_the_ranks_are_not_estimable(pairs):
    result = check(pairs((3, 3), (5, 5)))
    for name in ("wilcoxon", "wilcoxon-pratt", "hodges-lehmann-zeros-dropped"):
        assert (result[name].value, result[name].p) == (None, None)
        assert result[name].note == "every pair is a tie"
    assert (result["hodges-lehmann"].value, result["patient-sign-flips"].p) == (0, None)


def test_few_pairs_have_sizes_without_intervals(pairs):
    result = check(pairs((6, 1)))
    assert (result["hodges-lehmann"].value, result["hodges-lehmann"].interval) == (-5, None)
    assert result["hodges-lehmann"].note == "too few pairs for an interval at this level"
    assert result["median-change-by-patient"].interval is None
    assert result["wilcoxon"].p == 1


def test_two_lesions_of_one_patient_are_turned_together(cohort_of):
    scores = {"baseline": 6, "Wk1": 1}
    cohort = cohort_of(("P", scores), ("P", scores), ("Q", scores))
    result = check(PairedChange(endpoint="Wk1").run(cohort))
    # Turnings of 10 and 5: all four of size 15, 5, 5, 15.
    assert result["patient-sign-flips"].p == 0.5
    assert result["wilcoxon"].p == 0.25


def test_many_lesions_are_not_drawn_one_by_one(pairs):
    result = check(pairs(*[(6, 1)] * 201))
    assert [chart.data["lesions"] for chart in result.charts] == [[], []]
    assert "too many lesions" in result.notes[-1]
    assert len(pairs(*[(6, 1)] * 200).charts[1].data["lesions"]) == 200


def test_many_pairs_are_tested_by_the_normal_approximation_and_it_is_said(pairs):
    result = check(pairs(*[(6, 1)] * 200, *[(1, 3)] * 101))
    assert result["wilcoxon"].method.endswith(
        "normal approximation with continuity and tie correction"
    )
    assert result["patient-sign-flips"].method.endswith("normal approximation")
    assert result["hodges-lehmann"].method.endswith("normal approximation")


def test_the_test_by_patient_depends_on_that_of_each_patients_first_lesion(cohort_of):
    result = PairedChange(endpoint="D1").run(cohort_of(("P", {"baseline": 6, "D1": 1})))
    assert result["patient-sign-flips"].depends_on == ["sign-test-first-lesion"]
