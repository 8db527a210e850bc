"""Paired change: falls, rises, ties, and the exact sign test."""

import csv
from pathlib import Path

import pytest

from abate import LastOf
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


def test_each_estimate_has_a_method_and_a_population(published):
    estimates = PairedChange(endpoint=FIRST_WEEK).run(published).estimates
    assert len(estimates) == 8
    assert all(estimate.method and estimate.population for estimate in estimates)
    assert {estimate.population for estimate in estimates} == {
        "analysed lesions with the last score in D1, D2, Wk1",
        "analysed lesions with a baseline score and the last score in D1, D2, Wk1",
        (
            "analysed lesions with a baseline score and the last score in D1, D2, Wk1, "
            "whose two scores differ"
        ),
        (
            "analysed lesions with a baseline score and the last score in D1, D2, Wk1, "
            "first such lesion of each patient, whose two scores differ"
        ),
    }
