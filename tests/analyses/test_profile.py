"""The profile of a cohort: who and what was analysed, and where the others went."""

import pytest

from abate_analyses import Profile

ATTRITION = [
    ("treated", "", "patient", 4),
    ("treated", "", "lesion", 5),
    ("excluded", "no score", "lesion", 1),
    ("excluded", "no score after", "lesion", 1),
    ("excluded", "", "patient", 1),
    ("analysed", "", "patient", 3),
    ("analysed", "", "lesion", 3),
]


@pytest.fixture
def profile(cohort_of):
    """A man of 60 with two lesions, a woman of 40 with one, a woman of 90 who is excluded."""
    man = {"age": 60, "sex": "male", "site": "acetabulum", "site_group": "pelvis"}
    older = {**man, "age": 62, "site": "ischium"}
    woman = {"age": 40, "sex": "female", "site": "scapula", "site_group": "scapula"}
    excluded = {"age": 90, "sex": "female", "excluded_by": "no score"}
    return Profile().run(
        cohort_of(
            ("M", {}, man),
            ("W", {}, woman),
            ("M", {}, older),
            ("X", {}, excluded),
            adjuncts=[("L1", "rfa"), ("L1", "rfa"), ("L4", "rfa")],
            facts=[("M", "primary", "lung"), ("M", "primary", "lung"), ("X", "primary", "rectum")],
            attrition=ATTRITION,
        )
    )


def counts(result, prefix):
    return {e.name: (e.value, e.n) for e in result.estimates if e.name.startswith(prefix)}


def test_the_flow_is_that_of_the_attrition_table(profile):
    assert counts(profile, "lesions-") == {
        "lesions-treated": (5, 5), "lesions-excluded": (2, 5), "lesions-analysed": (3, 5),
    }  # fmt: skip
    assert counts(profile, "patients-")["patients-analysed"] == (3, 4)


def test_the_attrition_table_is_whole(profile):
    [table] = profile.tables
    assert [tuple(row) for row in table.rows] == ATTRITION


def test_a_patients_age_and_sex_count_once_at_the_first_lesion(profile):
    age = profile["age"]
    assert (age.value, age.n, age.interval.low, age.interval.high) == (50, 2, 40, 60)
    assert counts(profile, "sex-") == {"sex-female": (1, 2), "sex-male": (1, 2)}


def test_sites_count_by_lesion_the_most_frequent_group_first(profile):
    assert counts(profile, "site-group-") == {
        "site-group-pelvis": (2, 3), "site-group-scapula": (1, 3),
    }  # fmt: skip
    assert [e.label for e in profile.estimates if e.name.startswith("site-group-")] == [
        "site-group: pelvis", "site-group: scapula",
    ]  # fmt: skip


def test_an_adjunct_counts_once_a_lesion(profile):
    assert counts(profile, "adjunct-") == {"adjunct-rfa": (1, 3)}
    assert profile["without-adjunct"].value == 2


def test_a_fact_counts_once_a_patient_and_only_of_the_analysed(profile):
    assert counts(profile, "primary-") == {"primary-lung": (1, 2)}


def test_each_estimate_has_n_method_and_population(profile):
    assert all(e.n >= 0 and e.method and e.population and e.unit for e in profile.estimates)


def test_unknown_age_and_sex_are_no_error(cohort_of):
    result = Profile().run(cohort_of(("P", {})))
    assert counts(result, "sex-") == {"sex-unknown": (1, 1)}
    with pytest.raises(KeyError):
        result["age"]
