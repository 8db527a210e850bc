"""How long a lesion is followed: death, re-treatment, the last score."""

from datetime import UTC, date, datetime

import pytest


def test_without_another_end_it_is_the_last_linked_score(study):
    study.procedure()
    for day in (-1, 7, 15):
        study.score(5, study.at(day))
    study.score(5, study.at(90))
    lesion = study.cohort().lesions["procedure-1"]
    # Day 15 lies between the visits, and day 90 belongs to no open lesion.
    assert lesion["follow_up_end"] == datetime(2021, 3, 25, 4, tzinfo=UTC)
    assert (lesion["end_reason"], lesion["death"]) == ("last-score", None)


def test_a_lesion_that_was_only_scored_before_has_no_follow_up(study):
    study.procedure()
    study.score(5, study.at(-1))
    lesion = study.cohort("scores.minimum_after=0").lesions["procedure-1"]
    assert lesion["excluded_by"] is None
    assert (lesion["follow_up_end"], lesion["end_reason"]) == (None, None)


def test_death_ends_the_follow_up_and_later_scores_do_not_count(study):
    study.patient(deceasedDateTime=study.at(8, "12:00"))
    procedure = study.procedure()
    focus = [{"reference": f"Procedure/{procedure}"}]
    before = [study.score(5, study.at(8, "12:00")), study.score(4, study.on(8))]
    after = [study.score(1, study.at(8, "12:01")), study.score(0, study.on(9), focus=focus)]
    cohort = study.cohort()
    lesion = cohort.lesions["procedure-1"]
    assert cohort.visits(*before) == ["Wk1", "Wk1"]
    assert cohort.not_linked == dict.fromkeys(after, "after-death")
    assert cohort.steps["scores not linked", "after-death"] == 2
    assert lesion["follow_up_end"] == datetime(2021, 3, 18, 4, tzinfo=UTC)
    assert (lesion["end_reason"], lesion["death"]) == ("death", date(2021, 3, 18))


def test_a_death_dated_by_its_day_keeps_the_scores_of_that_day(study):
    study.patient(deceasedDateTime=study.on(8))
    study.procedure()
    kept, late = study.score(5, study.at(8, "23:59")), study.score(4, study.at(9, "00:00"))
    cohort = study.cohort()
    assert cohort.visits(kept) == ["Wk1"]
    assert cohort.not_linked == {late: "after-death"}
    assert cohort.lesions["procedure-1"]["death"] == date(2021, 3, 18)


@pytest.mark.parametrize(("death", "late"), [("2021-03", "2021-04-01"), ("2021", "2022-01-01")])
def test_a_death_of_an_imprecise_date_ends_at_the_last_contact_but_outlaws_what_is_surely_later(
    study, death, late
):
    study.patient(deceasedDateTime=death)
    procedure = study.procedure()
    focus = [{"reference": f"Procedure/{procedure}"}]
    study.score(5, study.at(7))
    after = study.score(4, late, focus=focus)
    cohort = study.cohort()
    assert cohort.lesions["procedure-1"]["end_reason"] == "last-score"
    assert cohort.lesions["procedure-1"]["death"] is None
    assert cohort.not_linked == {after: "after-death"}


def test_a_death_without_a_date_ends_at_the_last_contact_and_is_an_event(study):
    study.patient(deceasedBoolean=True)
    study.procedure()
    study.score(5, study.at(7))
    cohort = study.cohort()
    lesion = cohort.lesions["procedure-1"]
    assert lesion["follow_up_end"] == datetime(2021, 3, 17, 4, tzinfo=UTC)
    assert lesion["end_reason"] == "last-score"
    assert cohort.cohort.events.select("kind", "at", "lesion_id").rows() == [("death", None, None)]


def test_of_death_and_re_treatment_the_earlier_ends_it(study):
    study.patient("anna", deceasedDateTime=study.on(30))
    study.patient("bella", deceasedDateTime=study.on(10))
    for patient in ("anna", "bella"):
        study.procedure(patient=patient)
        study.procedure(study.at(20), patient=patient)
    reasons = [one["end_reason"] for one in study.cohort().lesions.values()]
    assert sorted(reason for reason in reasons if reason) == ["death", "re-treated"]


def test_a_dead_patient_is_one_event_however_many_the_lesions(study):
    study.patient(deceasedDateTime=study.on(30))
    study.procedure(site="L1")
    study.procedure(site="scapula")
    events = study.cohort().cohort.events
    assert events.select("kind", "at", "lasting").rows() == [("death", date(2021, 4, 9), True)]


def test_a_complication_is_of_the_lesion_that_names_it_and_else_of_the_patient(study):
    for name, status in (("named", "active"), ("loose", "resolved")):
        study.condition(
            name, code="paralysis", onsetDateTime=study.on(2), severity={"text": "3"},
            clinicalStatus={"coding": [{"system": "urn:status", "code": status}]},
        )  # fmt: skip
    study.procedure(complicationDetail=[{"reference": "Condition/named"}])
    cohort = study.cohort()
    lesion = cohort.lesions["procedure-1"]["lesion_id"]
    columns = ("lesion_id", "kind", "grade", "at", "lasting")
    assert set(cohort.cohort.events.select(columns).rows()) == {
        (lesion, "complication", "3", date(2021, 3, 12), True),
        (None, "complication", "3", date(2021, 3, 12), False),
    }


SEVERE = {"system": "http://snomed.info/sct", "code": "24484000"}


@pytest.mark.parametrize(
    ("severity", "grade"),
    [
        ({"text": "Grade IIIa"}, "Grade IIIa"),
        ({"coding": [SEVERE]}, "severe"),
        ({"coding": [SEVERE], "text": "fell at home"}, "severe"),
        ({"coding": [{"system": "urn:local", "code": "g3"}]}, "g3"),
        ({"text": "the patient fell at home, CTCAE three"}, "in other words"),
    ],
)
def test_a_grade_is_a_code_or_a_text_that_is_nothing_but_a_grade(study, severity, grade):
    study.condition("one", code="paralysis", onsetDateTime=study.on(2), severity=severity)
    study.procedure(complicationDetail=[{"reference": "Condition/one"}])
    assert study.cohort().cohort.events["grade"].to_list() == [grade]
