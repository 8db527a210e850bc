"""The course of pain: n, median, quartiles at each visit."""

import pytest

from abate_analyses import PainCourse
from abate_analyses.quantiles import quartiles


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
    assert [estimate.name for estimate in result.estimates] == [
        "median-baseline", "median-D1", "median-D2", "median-Wk1",
    ]  # fmt: skip


def test_the_table_says_the_same_as_the_estimates(cohort_of):
    [table] = PainCourse().run(cohort_of(("P1", {"Wk1": 1}), ("P2", {"Wk1": 2}))).tables
    assert table.columns == ("visit", "n", "first quartile", "median", "third quartile")
    assert table.rows[3] == ("Wk1", 2, 1.25, 1.5, 1.75)
    assert table.rows[0] == ("baseline", 0, None, None, None)


def test_an_excluded_lesion_does_not_count(cohort_of):
    cohort = cohort_of(("P1", {"Wk1": 1}), ("P2", {"Wk1": 9}, {"excluded_by": "no baseline"}))
    assert PainCourse().run(cohort)["median-Wk1"].value == 1


def test_method_population_and_unit_are_named(cohort_of):
    for estimate in PainCourse().run(cohort_of(("P1", {"Wk1": 1}))).estimates:
        assert (
            estimate.method
            == "median of observed scores, with quartiles (R type 7); nothing imputed"
        )
        assert estimate.population == "analysed lesions with a score at the visit"
        assert estimate.unit == "{score}"
