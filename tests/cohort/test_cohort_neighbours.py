"""What stands beside a lesion and must not be taken for it: sides, sites, treatments, facts."""

from datetime import date

import pytest


def to(*references):
    return [{"reference": one} for one in references]


def stage(found, name):
    return {reason: n for (step, reason), n in found.steps.items() if step == name}


def test_a_score_of_one_side_belongs_to_a_lesion_of_both(study):
    study.procedure(site="ilium, left, right")
    left = study.score(3, study.at(7), site="ilium, left")
    found = study.cohort()
    assert found.rule(left) == "body-site"


def test_a_site_that_no_list_names_is_unlisted_and_its_code_stays_in_the_store(study):
    words = {"coding": [{"system": "urn:local", "code": "hip of Ms Canary"}]}
    study.procedure(bodySite=[words])
    same = study.score(3, study.at(7), bodySite=words)
    found = study.cohort()
    assert found.cohort.lesions["site"].to_list() == ["unlisted"]
    assert found.rule(same) == "body-site"
    assert "Canary" not in str(found.cohort)


def test_an_unsited_score_is_ambiguous_beside_a_treatment_without_a_usable_date(study):
    study.procedure(site="L1")
    unsited = study.score(3, study.at(7))
    sited = study.score(4, study.at(6), site="L1")
    assert study.cohort().rule(unsited) == "time"
    study.procedure("2021-03", site="scapula")
    found = study.cohort()
    assert found.not_linked == {unsited: "ambiguous-undated"}
    assert found.rule(sited) == "body-site"


def test_a_treatment_that_the_mapping_rejected_makes_an_unsited_score_ambiguous_too(study):
    study.procedure(site="L1")
    study.procedure("2021-03-20T10:00:00", site="scapula")  # a time without a zone
    unsited = study.score(3, study.at(7))
    assert study.cohort().not_linked == {unsited: "ambiguous-undated"}


def test_a_re_treatment_begins_with_its_adjunct(study):
    study.procedure(site="L1")
    study.procedure(study.at(7, "12:00"), code="rfa", site="L1")
    study.procedure(study.at(8, "10:00"), site="L1")
    before = study.score(5, study.at(7, "11:00"), site="L1")
    between = study.score(2, study.at(7, "15:00"), site="L1")
    found = study.cohort()
    assert found.rule(before) == "body-site"
    assert found.not_linked == {between: "no-open-lesion"}
    [lesion] = [one for one in found.lesions.values() if one["excluded_by"] is None]
    assert lesion["end_reason"] == "re-treated"
    assert lesion["follow_up_end"].day == 17


def test_an_ablation_of_another_site_of_the_group_is_no_adjunct_and_is_counted(study):
    study.procedure(site="acetabulum, left")
    study.procedure(study.at(0, "08:00"), code="rfa", site="ilium, left")
    baseline = study.score(6, study.at(0, "09:00"), site="acetabulum, left")
    found = study.cohort()
    assert found.cohort.adjuncts.height == 0
    assert found.visits(baseline) == ["baseline"]
    assert stage(found, "adjuncts not linked") == {"no-lesion-near": 1}


UNKNOWN = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"notDone": True}, "time"),
        ({"status": "not-done"}, "time"),
        ({"status": "entered-in-error"}, "time"),
        ({}, "ambiguous-undated"),
        ({"status": "not-done", **UNKNOWN}, "ambiguous-undated"),
    ],
)
def test_a_rejected_procedure_that_was_not_done_makes_no_score_ambiguous(study, fields, rule):
    study.procedure()
    study.procedure("soon", **fields)
    score = study.score(3, study.at(7))
    found = study.cohort()
    assert found.rule(score) == rule
    assert sum(stage(found, "rejected").values()) == 1


def test_each_adjunct_that_is_not_linked_is_counted_by_its_reason(study):
    study.procedure(site="L1")
    study.procedure(study.at(0, "08:00"), code="rfa", site="L1", status="not-done")
    study.procedure("2021-03", code="rfa", site="L1")
    study.procedure(study.at(-5), code="rfa", site="L1")
    assert stage(study.cohort(), "adjuncts not linked") == {
        "status-not-done": 1,
        "date-imprecise": 1,
        "no-lesion-near": 1,
    }


def test_a_lesion_whose_site_is_in_words_takes_no_score_of_a_coded_site_by_time(study):
    study.procedure(site=None, bodySite=[{"text": "left scapula"}])
    coded = study.score(3, study.at(7), site="L1")
    silent = study.score(3, study.at(6))
    found = study.cohort()
    assert found.not_linked == {coded: "other-site"}
    assert found.rule(silent) == "time"


def test_a_condition_with_two_codings_is_one_fact(study):
    study.procedure()
    study.condition("tumour", code="lung")
    study.resources[-1]["code"]["coding"] *= 2
    assert study.cohort().cohort.characteristics.height == 1


def test_radiotherapy_after_the_index_procedure_is_no_history_and_is_counted(study):
    study.procedure()
    study.procedure(study.on(-30), code="radiotherapy")
    study.procedure("2021-03", code="radiotherapy")  # this month: it may be before
    study.procedure(study.on(60), code="radiotherapy")
    study.procedure("2021-05", code="radiotherapy")
    found = study.cohort()
    assert set(found.cohort.characteristics["at"]) == {None, date(2021, 2, 8)}
    assert found.cohort.characteristics.height == 2
    assert stage(found, "facts left out") == {"radiotherapy after-index": 2}


def test_a_complication_from_before_the_procedure_is_none_of_it(study):
    study.procedure()
    study.condition("old", code="paralysis", onsetDateTime="2010-05-01")
    study.condition("new", code="paralysis", onsetDateTime=study.on(1))
    found = study.cohort()
    assert found.cohort.events["at"].to_list() == [date(2021, 3, 11)]
    assert stage(found, "facts left out") == {"complication before-index": 1}


def test_a_complication_and_a_reason_of_any_procedure_of_a_session_are_the_lesions(study):
    first = study.procedure(site="L1")
    study.procedure(
        study.at(0, "12:00"),
        site="L1",
        complicationDetail=to("Condition/harm"),
        reasonReference=to("Condition/metastasis"),
    )
    study.condition("harm", code="paralysis", onsetDateTime=study.on(1))
    study.condition("metastasis")
    score = study.score(3, study.at(7), focus=to("Condition/metastasis"))
    found = study.cohort()
    assert found.cohort.events["lesion_id"].to_list() == [found.lesions[first]["lesion_id"]]
    assert found.rule(score) == "focus"


def test_a_date_only_score_taken_as_the_baseline_is_counted_as_assumed(study):
    study.procedure()
    study.score(6, study.on(0))
    assert stage(study.cohort(), "scores assumed") == {"same-day-before": 1}
