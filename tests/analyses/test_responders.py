"""Responders by pain scores alone, over all denominators."""

from datetime import date

import pytest

from abate import LastOf
from abate.analysis.outcome import check
from abate_analyses import Responders
from abate_analyses.responders.endpoints import RESPONSES

FIRST_WEEK = LastOf(("D1", "D2", "Wk1"))
NAMES = [one.name for one in RESPONSES]
TREATED = [("treated", "", "lesion", 5)]


def numbers(estimate):
    return estimate.counts["numerator"], estimate.n


@pytest.fixture
def responders(cohort_of):
    """The result of lesions, each of a patient of its own, at Wk1."""

    def run(*scores, **more):
        lesions = [(f"P{n}", dict(scores)) for n, scores in enumerate(scores)]
        return check(Responders(endpoint="Wk1").run(cohort_of(*lesions, **more)))

    return run


@pytest.fixture
def pairs(responders):
    """The same of pairs of a baseline and a score at Wk1."""
    return lambda *scores: responders(*({"baseline": a, "Wk1": b} for a, b in scores))


class TestOnThePublishedStudy:
    @pytest.fixture
    def baseline(self, published_study):
        return check(Responders(endpoint=FIRST_WEEK).run(published_study))

    @pytest.fixture
    def first(self, published_study):
        return check(Responders(endpoint=FIRST_WEEK, reference="first").run(published_study))

    @pytest.mark.parametrize(
        ("name", "part", "ends"),
        [
            # R 4.2.2: binom.test(numerator, n)$conf.int
            ("not-worse", (9, 10), (0.5549839, 0.9974714)),
            ("any-fall", (8, 10), (0.4439045, 0.9747893)),
            ("fall-2", (5, 10), (0.1870860, 0.8129140)),
            ("fall-30-percent", (7, 10), (0.3475471, 0.9332605)),
            ("fall-50-percent", (4, 10), (0.1215523, 0.7376219)),
            ("score-0", (1, 10), (0.0025286, 0.4450161)),
            ("score-0-of-analysed", (2, 11), (0.0228312, 0.5177559)),
            ("fall-2-of-reference-4", (5, 6), (0.3587654, 0.9957893)),
        ],
    )
    def test_they_and_their_intervals_are_those_of_r(self, baseline, name, part, ends):
        found = baseline[name]
        assert numbers(found) == part
        assert found.value == part[0] / part[1]
        assert (found.interval.low, found.interval.high) == pytest.approx(ends, abs=1e-6)

    def test_wilsons_interval_stands_beside(self, baseline):
        # R 4.2.2: prop.test(7, 10, correct = FALSE)$conf.int
        interval = baseline["fall-30-percent-wilson"].interval
        assert (interval.low, interval.high) == pytest.approx((0.3967781, 0.8922087), abs=1e-6)

    def test_all_four_denominators_are_there(self, baseline):
        found = [baseline[f"fall-2{suffix}"].n for suffix in ("-of-treated", "-of-analysed", "",
                 "-of-reference-4")]  # fmt: skip
        assert found == [13, 11, 10, 6]

    def test_missing_counts_as_no_response_among_the_treated(self, baseline):
        assert numbers(baseline["fall-30-percent-of-treated"]) == (7, 13)
        assert baseline["fall-30-percent-of-treated"].method.startswith("sensitivity: missing")

    def test_relief_is_in_ten_of_eleven_from_the_first_score_or_nine_by_a_strict_fall(self, first):
        assert numbers(first["not-worse"]) == (10, 11)
        assert numbers(first["any-fall"]) == (9, 11)

    def test_the_strata_of_an_endpoint_make_it_up(self, baseline):
        assert numbers(baseline["fall-2-adjunct-rfa"]) == (2, 3)
        assert numbers(baseline["fall-2-adjunct-none"]) == (3, 7)
        groups = [numbers(e) for e in baseline.estimates if e.name.startswith("fall-2-site-group")]
        assert [sum(part) for part in zip(*groups, strict=True)] == [5, 10]

    def test_each_endpoint_is_a_measure_with_its_strata(self, baseline):
        assert [one.estimate for one in baseline.measures] == NAMES
        [measure] = [one for one in baseline.measures if one.estimate == "fall-2"]
        assert baseline[measure.initial].value == 11
        assert measure.strata["adjunct"] == {
            "none": "fall-2-adjunct-none", "rfa": "fall-2-adjunct-rfa",
        }  # fmt: skip
        assert set(measure.criteria) == {"initial-population", "denominator", "numerator"}
        assert measure.title == (
            "Pain-score-only responder: fall of at least 2 points (Farrar 2001)"
        )

    def test_every_label_says_that_only_pain_scores_were_read(self, baseline):
        shares = [e for e in baseline.estimates if e.statistic == "proportion"]
        assert all("pain-score-only responder" in e.label for e in shares)

    def test_all_numbers_of_the_tables_are_cited(self, baseline):
        for table in baseline.tables:
            assert all(len(row) == len(table.columns) for row in table.rows)
            assert not any(isinstance(cell, int | float) for row in table.rows for cell in row)


def test_a_limit_is_reached_by_a_fall_that_is_equal_to_it(pairs):
    result = pairs((10, 7), (4, 2), (4, 3))
    assert numbers(result["fall-30-percent"]) == (2, 3)
    assert numbers(result["fall-50-percent"]) == (1, 3)
    assert numbers(result["fall-2"]) == (2, 3)


def test_the_limit_is_exact_where_binary_fractions_are_not(pairs):
    # 7 - 4.9 is 2.0999999999999996, 2.3 - 0.3 is 1.9999999999999998.
    assert 7 - 4.9 < 0.3 * 7
    assert numbers(pairs((7, 4.9))["fall-30-percent"]) == (1, 1)
    assert numbers(pairs((2.3, 0.3))["fall-2"]) == (1, 1)


def test_a_reference_of_0_has_no_percentage_and_is_counted_apart(pairs):
    result = pairs((0, 0), (0, 3), (6, 1))
    assert result["reference-0"].value == 2
    assert numbers(result["fall-30-percent"]) == (1, 1)
    assert numbers(result["fall-30-percent-of-analysed"]) == (1, 1)
    assert numbers(result["fall-2"]) == (1, 3)
    assert numbers(result["not-worse"]) == (2, 3)
    assert numbers(result["score-0"]) == (1, 3)
    assert result["fall-30-percent"].population.endswith("whose reference is above 0")


def test_the_last_score_before_a_missing_endpoint_is_carried_to_it(responders):
    result = responders({"baseline": 6, "D2": 1}, {"baseline": 6, "Wk1": 6}, {"baseline": 5})
    assert numbers(result["fall-2"]) == (0, 1)
    assert numbers(result["fall-2-locf"]) == (1, 2)
    assert numbers(result["fall-2-of-analysed"]) == (0, 3)


def test_nothing_is_carried_past_death(cohort_of):
    dead = {"death": date(2020, 2, 3), "end_reason": "death"}
    cohort = cohort_of(("P", {"baseline": 6, "D2": 1}, dead))
    result = check(Responders(endpoint="Wk1").run(cohort))
    assert numbers(result["fall-2-locf"]) == (0, 0)


def test_a_score_of_0_needs_no_reference_among_the_analysed(responders):
    result = responders({"Wk1": 0}, {"baseline": 6, "Wk1": 1}, attrition=TREATED)
    assert numbers(result["score-0"]) == (0, 1)
    assert numbers(result["score-0-of-analysed"]) == (1, 2)
    assert numbers(result["score-0-of-treated"]) == (1, 5)


def test_treated_lesions_that_nobody_counted_are_not_estimable(pairs):
    found = pairs((6, 1))["fall-2-of-treated"]
    assert (found.value, found.n) == (None, 0)
    assert found.note == "the attrition table does not count the treated lesions"


def test_no_pair_leaves_the_shares_empty_and_no_error(responders):
    result = responders({"Wk1": 0})
    assert (result["fall-2"].value, result["fall-2"].interval) == (None, None)
    assert result["fall-2"].note == "there are no such lesions"
    assert numbers(result["score-0-of-analysed"]) == (1, 1)


def test_an_empty_cohort_is_not_estimable(cohort_of):
    result = Responders(endpoint="Wk1").run(cohort_of())
    assert result.reason == "there are no analysed lesions"


def test_a_lesion_with_two_adjuncts_is_in_one_stratum(cohort_of):
    cohort = cohort_of(
        ("P", {"baseline": 6, "Wk1": 1}),
        ("Q", {"baseline": 6, "Wk1": 1}),
        adjuncts=[("L1", "rfa"), ("L1", "embolisation"), ("L1", "rfa"), ("L2", "rfa")],
    )
    result = check(Responders(endpoint="Wk1").run(cohort))
    assert numbers(result["fall-2-adjunct-embolisation-and-rfa"]) == (1, 1)
    assert numbers(result["fall-2-adjunct-rfa"]) == (1, 1)


def test_an_unknown_site_is_a_stratum_of_its_own(pairs):
    assert numbers(pairs((6, 1))["fall-2-site-group-unknown"]) == (1, 1)


def test_a_reference_of_0_without_an_endpoint_is_in_no_denominator_of_a_fall_in_percent(responders):
    result = responders(
        {"baseline": 6, "Wk1": 1}, {"baseline": 0, "Wk1": 0}, {"baseline": 0}, attrition=TREATED
    )
    assert result["reference-0"].value == 1
    assert numbers(result["fall-30-percent-of-analysed"]) == (1, 1)
    assert numbers(result["fall-30-percent-of-treated"]) == (1, 3)
    assert numbers(result["fall-2-of-analysed"]) == (1, 3)


def test_a_first_score_of_0_is_no_reference_of_an_endpoint_that_it_is_itself(cohort_of):
    cohort = cohort_of(
        ("P", {"baseline": 6, "Wk1": 1}), ("Q", {"D1": 0}), ("R", {"Wk1": 0}), ("S", {})
    )
    result = check(Responders(endpoint="Wk1", reference="first").run(cohort))
    assert numbers(result["fall-30-percent-of-analysed"]) == (1, 3)
