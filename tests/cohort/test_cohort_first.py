"""`[index] repeat`: only the first procedure of each patient, or at each site."""

import pytest

from abate.stage_events import report_repeat
from abate.telemetry.log import logger


def excluded(cohort):
    return [lesion["excluded_by"] for lesion in cohort.lesions.values()]


def warnings(cohort, repeat):
    lines = []
    report_repeat(logger(lines.append), cohort.cohort, repeat)
    return [line["text"] for line in lines]


@pytest.fixture
def four_times(study):
    """L1, then the ilium, then no site, then the ilium again, with a score a week after each."""
    for day, site in ((0, "L1"), (100, "ilium"), (200, None), (300, "ilium")):
        study.procedure(study.at(day), site=site)
        study.score(3, study.at(day + 7), site=site)
    return study


@pytest.mark.parametrize(
    ("repeat", "reasons"),
    [
        ("censor", [None, None, None, "re-treatment"]),
        ("new", [None, None, None, None]),
        ("ignore", [None, None, None, "re-treatment"]),
        ("first-per-site", [None, None, "not-first", "re-treatment"]),
        ("first-per-patient", [None, "not-first", "not-first", "re-treatment"]),
    ],
)
def test_which_procedures_are_lesions(four_times, repeat, reasons):
    cohort = four_times.cohort(f"index.repeat={repeat}")
    assert excluded(cohort) == reasons
    treated = reasons.count(None)
    assert cohort.steps["treated", ""] == cohort.steps["analysed", ""]
    assert cohort.steps["no lesion", "not-first"] == reasons.count("not-first")
    assert cohort.cohort.analysed.height == treated


def test_a_score_of_a_later_procedure_does_not_count_for_the_first(study):
    study.procedure()
    study.procedure(study.at(20), site="ilium")
    unsited, sited = study.score(3, study.at(27)), study.score(4, study.at(27), site="ilium")
    cohort = study.cohort("index.repeat=first-per-patient")
    assert cohort.rule(unsited) == "ambiguous-time"
    assert cohort.scores[sited]["lesion_id"] == cohort.lesions["procedure-2"]["lesion_id"]


def test_a_site_without_a_side_may_be_the_site_treated_before(study):
    study.procedure(site=["ilium", "left"])
    study.procedure(study.at(100), site="ilium")
    study.patient("anna")
    study.patient("berta")
    study.procedure(site=["ilium", "left"], patient="berta")
    study.procedure(study.at(100), site=["ilium", "right"], patient="berta")
    cohort = study.cohort("index.repeat=first-per-site", "scores.minimum_after=0")
    later = {name for name, row in cohort.lesions.items() if row["excluded_by"] == "not-first"}
    assert later == {"procedure-2"}


def test_the_first_is_the_first_completed_one_that_has_a_date(study):
    study.procedure(study.at(-50), status="not-done")
    study.procedure(study.at(0))
    study.score(3, study.at(7))
    assert excluded(study.cohort("index.repeat=first-per-patient")) == ["status-not-done", None]


class TestWarning:
    def test_where_no_procedure_names_a_site_the_setting_has_no_effect(self, study):
        for day in (0, 60, 120):
            study.procedure(study.at(day), site=None)
        cohort = study.cohort()
        [warning] = warnings(cohort, "censor")
        assert warning.startswith("[index] repeat = 'censor' has no effect: no index procedure ")
        assert "each of 2 later ones counts as a new one" in warning
        assert warning.endswith("set repeat = 'first-per-patient'.")

    def test_where_some_name_none(self, four_times):
        [warning] = warnings(four_times.cohort(), "censor")
        assert "has no effect on 1 later index procedures that name no body site" in warning
        assert warnings(four_times.cohort("index.repeat=first-per-site"), "first-per-site") == []

    def test_first_per_site_without_a_site_is_first_per_patient(self, study):
        for day in (0, 60):
            study.procedure(study.at(day), site=None)
        cohort = study.cohort("index.repeat=first-per-site", "scores.minimum_after=0")
        [warning] = warnings(cohort, "first-per-site")
        assert "has the effect of first-per-patient" in warning
        assert warnings(cohort, "first-per-patient") == []

    def test_none_where_nobody_was_treated_twice(self, study):
        study.procedure(site=None)
        assert warnings(study.cohort("scores.minimum_after=0"), "censor") == []
