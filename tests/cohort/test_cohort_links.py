"""How a score comes to belong to a lesion: the link rules, and their order."""

import pytest

from abate.errors import AbateError


def to(*references):
    return [{"reference": one} for one in references]


@pytest.fixture
def pelvis(study):
    """Two lesions of one patient at one time: left acetabulum and scapula."""
    study.condition("metastasis")
    study.procedure(
        site="acetabulum, left",
        encounter={"reference": "Encounter/one"},
        reasonReference=to("Condition/metastasis"),
    )
    study.procedure(site="scapula", encounter={"reference": "Encounter/two"})
    study.procedure(study.at(0, "09:00"), code="rfa", site="acetabulum, left")
    return study


ACETABULUM, SCAPULA, ABLATION = "procedure-1", "procedure-2", "procedure-3"


def test_each_rule_links(pelvis):
    day = pelvis.at(1)
    cases = {
        pelvis.score(1, day, focus=to(f"Procedure/{ACETABULUM}")): "focus",
        pelvis.score(1, day, focus=to(f"Procedure/{ABLATION}")): "focus",
        pelvis.score(1, day, focus=to("Condition/metastasis")): "focus",
        pelvis.score(1, day, partOf=to(f"Procedure/{ACETABULUM}")): "part-of",
        pelvis.score(1, day, partOf=to(f"Procedure/{ABLATION}")): "part-of",
        pelvis.score(1, day, site="acetabulum, left"): "body-site",
        pelvis.score(1, day, site="acetabulum"): "body-site",
        pelvis.score(1, day, site="ilium, left"): "site-group",
        pelvis.score(1, day, site="bony pelvis"): "site-group",
        pelvis.score(1, day, encounter={"reference": "Encounter/one"}): "encounter",
        pelvis.score(1, day, site="left", encounter={"reference": "Encounter/one"}): "encounter",
    }
    cohort = pelvis.cohort()
    assert {score: cohort.rule(score) for score in cases} == cases
    lesion = cohort.lesions[ACETABULUM]["lesion_id"]
    assert {cohort.scores[score]["lesion_id"] for score in cases} == {lesion}


def test_the_stronger_rule_decides_where_two_lesions_are_meant(pelvis):
    day = pelvis.at(1)
    scapula, acetabulum = f"Procedure/{SCAPULA}", f"Procedure/{ACETABULUM}"
    cases = {
        pelvis.score(1, day, focus=to(scapula), partOf=to(acetabulum)): "focus",
        pelvis.score(1, day, partOf=to(scapula), site="acetabulum, left"): "part-of",
        pelvis.score(1, day, site="scapula", encounter={"reference": "Encounter/one"}): "body-site",
    }
    cohort = pelvis.cohort()
    assert {score: cohort.rule(score) for score in cases} == cases
    lesion = cohort.lesions[SCAPULA]["lesion_id"]
    assert {cohort.scores[score]["lesion_id"] for score in cases} == {lesion}


def test_what_points_elsewhere_is_not_linked_here(pelvis):
    day, encounter = pelvis.at(1), {"reference": "Encounter/one"}
    pelvis.procedure(code="rfa", site="L1")
    cases = {
        pelvis.score(1, day, focus=to("Procedure/another")): "focus-elsewhere",
        pelvis.score(1, day, focus=to("Condition/another"), site="scapula"): "focus-elsewhere",
        pelvis.score(1, day, focus=to("RelatedPerson/mother"), site="scapula"): "focus-elsewhere",
        pelvis.score(1, day, focus=to("Patient/bella"), site="scapula"): "focus-elsewhere",
        pelvis.score(
            1, day, partOf=to("Procedure/procedure-4"), site="scapula"
        ): "part-of-elsewhere",
        pelvis.score(1, day, site="L1", encounter=encounter): "other-site",
        pelvis.score(1, day, site="L1"): "other-site",
        pelvis.score(1, day, site="acetabulum, right", encounter=encounter): "other-site",
        pelvis.score(1, day, site="ilium, right"): "other-site",
        pelvis.score(1, pelvis.at(300), site="scapula"): "no-open-lesion",
    }
    cohort = pelvis.cohort()
    assert cohort.not_linked == cases


def test_a_focus_on_the_patient_or_a_part_of_an_assessment_says_nothing_of_the_lesion(pelvis):
    own = pelvis.score(1, pelvis.at(1), site="scapula", focus=to("Patient/anna", "Encounter/one"))
    part = pelvis.score(1, pelvis.at(1), site="scapula", partOf=to("Procedure/assessment"))
    cohort = pelvis.cohort()
    assert [cohort.rule(own), cohort.rule(part)] == ["body-site", "body-site"]


def test_the_encounter_links_on_the_day_and_the_next_only(pelvis):
    encounter = {"reference": "Encounter/one"}
    days = [pelvis.score(1, pelvis.at(day, "20:00"), encounter=encounter) for day in (-1, 0, 1, 2)]
    cohort = pelvis.cohort("visits.D2=2")
    assert [cohort.rule(score) for score in days] == [
        "ambiguous-time", "encounter", "encounter", "ambiguous-time",
    ]  # fmt: skip


def test_time_links_where_one_lesion_is_open(study):
    study.procedure()
    score = study.score(2, study.at(7))
    assert study.cohort().rule(score) == "time"


def test_a_score_of_two_open_lesions_is_left_out_shared_or_stops_the_run(pelvis):
    both = pelvis.score(4, pelvis.at(7))
    excluding = pelvis.cohort()
    assert excluding.not_linked == {both: "ambiguous-time"}
    sharing = pelvis.cohort("scores.ambiguous=share").cohort
    assert sharing.scores["link_rule"].to_list() == ["time", "time"]
    assert sharing.scores["lesion_id"].n_unique() == 2
    with pytest.raises(AbateError, match="1 pain scores could belong to more than one lesion"):
        pelvis.cohort("scores.ambiguous=fail")


def test_a_reason_that_two_lesions_share_is_ambiguous(study):
    study.condition("spread")
    for site in ("L1", "scapula"):
        study.procedure(site=site, reasonReference=to("Condition/spread"))
    score = study.score(1, study.at(1), focus=to("Condition/spread"))
    assert study.cohort().not_linked == {score: "ambiguous-focus"}


def test_a_side_stated_without_a_site_is_never_linked_to_the_other_side(study):
    study.procedure(site="acetabulum, left", encounter={"reference": "Encounter/one"})
    right = study.score(1, study.at(1), site="right", encounter={"reference": "Encounter/one"})
    left = study.score(1, study.at(1), site="left")
    cohort = study.cohort()
    assert cohort.not_linked == {right: "other-site"}
    assert cohort.rule(left) == "time"


def test_a_score_at_a_closed_lesion_is_not_passed_on_to_a_lesion_near_it(study):
    study.procedure(site="acetabulum")
    study.procedure(study.at(60), site="ilium")
    study.procedure(study.at(60), site=None)
    score = study.score(1, study.at(67), site="acetabulum")
    assert study.cohort().not_linked == {score: "other-site"}


def test_a_lesion_without_a_site_is_linked_by_time_and_encounter_only(study):
    study.procedure(site=None, encounter={"reference": "Encounter/one"})
    near = study.score(1, study.at(1), site="L1", encounter={"reference": "Encounter/one"})
    sited = study.score(2, study.at(7), site="L1")
    unsited = study.score(2, study.at(8))
    cohort = study.cohort()
    assert [cohort.rule(one) for one in (near, sited, unsited)] == ["encounter", "time", "time"]
    assert cohort.lesions["procedure-1"]["site"] == "unknown"


def test_two_unknown_sites_are_never_equal(study):
    study.procedure(site=None)
    study.procedure(study.at(2, "15:00"), site=None)
    score = study.score(1, study.at(7))
    cohort = study.cohort()
    assert [one["excluded_by"] for one in cohort.lesions.values()] == ["no-score", "no-score"]
    assert cohort.not_linked == {score: "ambiguous-time"}


def test_scores_of_another_patient_are_not_linked(study):
    study.patient("anna")
    study.patient("bella")
    procedure = study.procedure()
    score = study.score(1, study.at(1), patient="bella", focus=to(f"Procedure/{procedure}"))
    cohort = study.cohort()
    assert score not in cohort.scores
    assert cohort.steps["ignored", "Observation outside-the-study"] == 1


def test_a_lesion_is_open_from_its_baseline_window_to_its_last_visit(study):
    study.procedure()
    scores = [study.score(1, study.at(day)) for day in (-8, -7, 41, 42)]
    cohort = study.cohort()
    assert [cohort.rule(score) for score in scores] == [
        "no-open-lesion", "time", "time", "no-open-lesion",
    ]  # fmt: skip


def test_a_lesion_that_is_closed_leaves_no_doubt(study):
    study.procedure(study.at(0), site="L1")
    study.procedure(study.at(49), site="scapula")
    first, second = study.score(1, study.at(41)), study.score(2, study.at(42))
    cohort = study.cohort()
    assert [cohort.rule(first), cohort.rule(second)] == ["time", "time"]
    assert cohort.scores[second]["lesion_id"] == cohort.lesions["procedure-2"]["lesion_id"]


def test_a_site_in_words_only_is_never_linked_by_encounter_or_time(study):
    study.procedure(site="scapula", encounter={"reference": "Encounter/one"})
    worded = study.score(
        1, study.at(1), bodySite={"text": "hip"}, encounter={"reference": "Encounter/one"}
    )
    silent = study.score(1, study.at(1), encounter={"reference": "Encounter/one"})
    cohort = study.cohort()
    assert cohort.not_linked == {worded: "other-site"}
    assert cohort.rule(silent) == "encounter"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "body-site"),
        ({"status": "stopped"}, "other-site"),
        ({"status": "not-done"}, "time"),
        ({"status": "entered-in-error"}, "time"),
        ({"start": "2021-06-01T10:00:00+08:00"}, "time"),
    ],
    ids=["done", "stopped", "not done", "in error", "after the cut-off"],
)
def test_a_procedure_that_is_no_treatment_keeps_no_score_at_its_site(study, fields, rule):
    study.procedure(site=None)
    study.procedure(site="scapula", **fields)
    score = study.score(2, study.at(7), site="scapula")
    assert study.cohort("study.cutoff=2021-05-01").rule(score) == rule
