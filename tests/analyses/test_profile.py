"""The profile of a cohort: who and what was analysed, and where the others went."""

from dataclasses import replace

import pytest

from abate import Ref
from abate.analysis.outcome import check
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
    return {one.name: (one.value, one.n) for one in result.estimates if one.name.startswith(prefix)}


def test_the_flow_is_that_of_the_attrition_table(profile):
    assert counts(profile, "lesions-") == {
        "lesions-treated": (5, 5), "lesions-excluded": (2, 5), "lesions-analysed": (3, 5),
    }  # fmt: skip
    assert counts(profile, "patients-")["patients-analysed"] == (3, 4)


def test_table_1_cites_the_counts_and_holds_no_number(profile):
    assert [table.name for table in profile.tables] == [
        "ages", "patients", "lesions", "treated",
    ]  # fmt: skip
    for table in profile.tables:
        assert all(isinstance(cell, str | Ref) for row in table.rows for cell in row)
    [row] = [row for row in profile.tables[2].rows if row[0] == "site-group: pelvis"]
    assert [profile.cited(cell) for cell in row[1:]] == [2, 3, pytest.approx(200 / 3)]


def test_a_patients_age_and_sex_count_once_at_the_first_lesion(profile):
    age = profile["age"]
    assert (age.value, age.n, age.interval.low, age.interval.high) == (50, 2, 40, 60)
    assert age.interval.kind == "range"
    # R 4.2.2, quantile of 40 and 60, type 7.
    quartiles = profile["age-quartiles"].interval
    assert (quartiles.low, quartiles.high, quartiles.kind) == (45, 55, "quartiles")
    assert counts(profile, "sex-") == {"sex-female": (1, 2), "sex-male": (1, 2)}


def test_sites_count_by_lesion_the_most_frequent_group_first(profile):
    assert counts(profile, "site-group-") == {
        "site-group-pelvis": (2, 3), "site-group-scapula": (1, 3),
    }  # fmt: skip
    assert [profile[name].label for name in counts(profile, "site-group-")] == [
        "site-group: pelvis", "site-group: scapula",
    ]  # fmt: skip


def test_an_adjunct_counts_once_a_lesion(profile):
    assert counts(profile, "adjunct-") == {"adjunct-rfa": (1, 3)}
    assert profile["without-adjunct"].value == 2


def test_a_fact_counts_once_a_patient_and_only_of_the_analysed(profile):
    assert counts(profile, "primary-") == {"primary-lung": (1, 2)}


def test_a_fact_of_the_treated_counts_the_excluded_too(profile):
    assert counts(profile, "treated-") == {
        "treated-primary-lung": (1, 3), "treated-primary-rectum": (1, 3),
    }  # fmt: skip
    assert profile["treated-primary-lung"].population == "patients treated"


def test_a_procedure_that_is_no_lesion_is_not_treated(cohort_of):
    cohort = cohort_of(
        ("P1", {}),
        *((f"P{n}", {}, {"excluded_by": why}) for n, why in enumerate(NO_LESION, start=2)),
        ("P9", {}, {"excluded_by": "no-score"}),
        facts=[(f"P{n}", "primary", "lung") for n in range(1, 10)],
    )
    assert counts(Profile().run(cohort), "treated-") == {"treated-primary-lung": (2, 2)}


NO_LESION = ("status-not-done", "same-session", "re-treatment")


def test_each_estimate_has_n_method_and_population(profile):
    assert all(e.n >= 0 and e.method and e.population and e.unit for e in profile.estimates)


def test_unknown_age_and_sex_are_no_error(cohort_of):
    result = Profile().run(cohort_of(("P", {})))
    assert counts(result, "sex-") == {"sex-unknown": (1, 1)}
    with pytest.raises(KeyError):
        result["age"]


@pytest.fixture(scope="module")
def published(published_study):
    return check(Profile().run(published_study))


class TestOnThePublishedStudy:
    # Table 1 of the paper, and its text.

    def test_figure_1_the_flow(self, published):
        assert counts(published, "patients-") == {
            "patients-treated": (12, 12), "patients-excluded": (2, 12),
            "patients-analysed": (10, 12),
        }  # fmt: skip
        assert counts(published, "lesions-")["lesions-analysed"] == (11, 13)

    def test_figure_9_ages_and_primaries(self, published):
        ends = published["age"].interval
        assert (ends.low, ends.high, published["age"].n) == (28, 72, 10)
        assert counts(published, "primary-") == {
            "primary-lung": (3, 10), "primary-rectum": (2, 10),
            "primary-renal-cell-carcinoma": (2, 10), "primary-multiple-myeloma": (1, 10),
            "primary-pancreas": (1, 10), "primary-soft-tissue-sarcoma": (1, 10),
        }  # fmt: skip

    def test_figure_10_sites_and_adjuncts(self, published):
        assert counts(published, "site-group-") == {
            "site-group-pelvis": (6, 11), "site-group-lumbar-vertebra": (3, 11),
            "site-group-scapula": (1, 11), "site-group-thoracic-vertebra": (1, 11),
        }  # fmt: skip
        assert published["adjunct-rfa"].value == 3
        assert published["without-adjunct"].value == 8

    def test_figure_12_radiotherapy_of_the_treated(self, published):
        radiated = published["treated-radiotherapy"]
        assert (radiated.value, radiated.n) == (10, 12)
        assert published["radiotherapy-radiotherapy"].value == 9


def test_a_fact_that_is_not_assessable_has_no_count_and_says_why(cohort_of):
    reason = "the source has no Condition that can be found"
    cohort = replace(
        cohort_of(("p", {"baseline": 6, "Wk1": 2})), not_assessable={"condition.primary": reason}
    )
    result = Profile().run(cohort)
    found = result["primary-not-assessable"]
    assert (found.value, found.n, found.note) == (None, 1, reason)
    assert len(result.units["primary-not-assessable"].data) == 1
