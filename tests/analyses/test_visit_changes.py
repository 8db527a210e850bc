"""Change at each visit: sign tests, corrected by Holm, beside those by patient."""

import pytest

from abate.analysis.outcome import check
from abate_analyses import VisitChanges

FIRST_VISITS = ("D1", "D2", "Wk1")


@pytest.fixture
def falls(cohort_of):
    """So many patients whose pain falls from 6 to 1 at D1; the first also scores at D2."""

    def run(number):
        lesions = [(f"P{n}", {"baseline": 6, "D1": 1}) for n in range(number - 1)]
        first = ("first", {"baseline": 6, "D1": 1, "D2": 7})
        return check(VisitChanges().run(cohort_of(first, *lesions)))

    return run


class TestOnThePublishedStudy:
    @pytest.fixture
    def result(self, published_study):
        return check(VisitChanges().run(published_study))

    def test_the_smallest_p_is_an_eighth_and_with_holm_all_are_1(self, result):
        # R 4.2.2: binom.test at each visit of table 2, p.adjust(p, "holm") over 13 visits.
        raw = [e.p for e in result.estimates if e.name.startswith("sign-test-") and "first" not in
               e.name and e.p is not None]  # fmt: skip
        corrected = [e.p for e in result.estimates if e.name.startswith("holm-") and e.p]
        assert min(raw) == 0.125
        assert corrected == [1] * len(raw)
        assert "13 visits with a pair (Holm 1979)" in result["holm-D1"].method

    @pytest.mark.parametrize(("visit", "n"), [("M2", 3), ("M4", 2), ("M5", 3), ("M6", 1)])
    def test_a_visit_with_few_pairs_has_a_median_and_no_test(self, result, visit, n):
        assert result[f"median-change-{visit}"].n == n
        assert result[f"median-change-{visit}"].value is not None
        for test in ("sign-test", "holm", "sign-test-first-lesion", "patient-sign-flips"):
            found = result[f"{test}-{visit}"]
            assert (found.value, found.p, found.interval) == (None, None, None)
            assert found.note == "too few pairs for a test: see the points"

    def test_a_visit_without_a_pair_is_there_and_empty(self, result):
        assert (result["median-change-M8"].value, result["median-change-M8"].n) == (None, 0)

    def test_the_points_are_drawn_with_the_medians_that_stand(self, result):
        [chart] = result.charts
        visits = [row["visit"] for row in chart.data["medians"]]
        assert "M8" not in visits
        assert {row["visit"] for row in chart.data["lesions"]} == set(visits)
        assert {"visit": "M6", "lesion": "lesion 6", "change": -2.0} in chart.data["lesions"]

    def test_all_numbers_of_the_table_are_cited(self, result):
        [table] = result.tables
        assert [row[0] for row in table.rows][:3] == ["D1", "D2", "Wk1"]
        assert all(not isinstance(cell, int | float) for row in table.rows for cell in row)


def test_four_pairs_are_tested_three_are_not(falls):
    assert falls(4)["sign-test-D1"].p == 0.125
    assert falls(3)["sign-test-D1"].p is None


def test_an_untested_visit_counts_for_holm(falls):
    # As R adjusts 2 / 2^8 and 1.
    assert falls(8)["holm-D1"].p == 2 * 2 / 2**8


def test_ties_only_have_no_p(cohort_of):
    cohort = cohort_of(*[(f"P{n}", {"baseline": 3, "D1": 3}) for n in range(4)])
    result = check(VisitChanges().run(cohort))
    assert (result["sign-test-D1"].p, result["holm-D1"].p) == (None, None)
    assert result["median-change-D1"].counts == {"falls": 0, "rises": 0, "ties": 4}


def test_the_first_documented_score_may_be_the_reference(cohort_of):
    cohort = cohort_of(("P", {"D1": 5, "D2": 3}))
    result = check(VisitChanges(reference="first").run(cohort))
    assert (result["median-change-D2"].value, result["median-change-D1"].n) == (-2, 0)


def test_no_later_score_is_not_estimable(cohort_of):
    result = VisitChanges().run(cohort_of(("P", {"baseline": 5})))
    assert result.reason == "no analysed lesion has a reference and a later score"


def test_the_names_of_the_estimates_do_not_depend_on_the_data(falls):
    names = {tuple(e.name for e in falls(number).estimates) for number in (1, 3, 4, 8)}
    assert len(names) == 1
    assert len(names.pop()) == 5 * len(FIRST_VISITS)


def test_a_p_corrected_by_holm_depends_on_all_that_were_tested(cohort_of):
    lesions = [(f"P{n}", {"baseline": 6, "D1": 1, "D2": 2}) for n in range(4)]
    result = VisitChanges().run(cohort_of(*lesions, ("Q", {"baseline": 6, "Wk1": 1})))
    assert result["holm-D1"].depends_on == ["sign-test-D1", "sign-test-D2"]
    assert result["holm-D2"].depends_on == ["sign-test-D1", "sign-test-D2"]
    assert "sign-test-Wk1" in result["holm-Wk1"].depends_on


def test_the_test_by_patient_depends_on_that_of_each_patients_first_lesion(falls):
    for visit in FIRST_VISITS:
        found = falls(8)[f"patient-sign-flips-{visit}"]
        assert found.depends_on == [f"sign-test-first-lesion-{visit}"]
