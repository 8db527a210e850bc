"""Why a lesion is not analysed, and how everything adds up."""

from abate.analysis.outcome import check
from abate_analyses import Responders


def reasons(cohort):
    return [one["excluded_by"] for one in cohort.lesions.values()]


def test_a_procedure_that_is_not_completed_is_no_lesion(study):
    statuses = ["stopped", "not-done", "entered-in-error", "preparation", "in-progress", "unknown"]
    for patient, status in study.patients(statuses):
        study.procedure(status=status, patient=patient)
        study.score(2, study.at(7), patient=patient)
    cohort = study.cohort()
    assert reasons(cohort) == [f"status-{status}" for status in statuses]
    assert all(cohort.steps["no lesion", f"status-{status}"] == 1 for status in statuses)
    assert cohort.steps["treated", ""] == 0
    assert set(cohort.not_linked.values()) == {"no-lesion"}


def test_scores_count_by_their_status(study):
    study.procedure()
    linked = [study.score(n, study.at(7), status=one) for n, one in enumerate(
        ("final", "amended", "corrected"))]  # fmt: skip
    not_linked = {
        study.score(9, study.at(7), status=one): f"status-{one}"
        for one in ("preliminary", "registered", "unknown")
    }
    study.score(9, study.at(7), status="entered-in-error")
    cohort = study.cohort()
    assert set(cohort.scores) == set(linked)
    assert cohort.not_linked == not_linked
    assert cohort.steps["ignored", "Observation status-entered-in-error"] == 1


def test_scores_after_are_chosen_ones_at_visits_after_the_procedure(study):
    study.procedure()
    for day, clock in ((-1, "09:00"), (0, "18:00"), (15, "09:00"), (7, "09:00"), (8, "09:00")):
        study.score(4, study.at(day, clock))
    assert reasons(study.cohort("scores.minimum_after=1")) == [None]
    # Day 0 and day 15 do not count, and days 7 and 8 are one visit.
    assert reasons(study.cohort("scores.minimum_after=2")) == ["minimum-after"]


def test_a_lesion_without_a_baseline_stays_unless_the_study_requires_one(study):
    study.procedure()
    study.score(4, study.at(7))
    assert reasons(study.cohort()) == [None]
    assert reasons(study.cohort("scores.require_baseline=true")) == ["no-baseline"]


def test_a_lesion_with_two_instruments_or_two_contexts_is_left_out_until_the_study_chooses(study):
    for name in ("anna", "bella"):
        study.patient(name)
        study.procedure(patient=name)
    study.score(4, study.at(-1), instrument="VAS")
    study.score(3, study.at(7), instrument="NRS")
    study.score(4, study.at(-1), context="rest", patient="bella")
    study.score(3, study.at(7), context="movement", patient="bella")
    assert reasons(study.cohort()) == ["several-series", "several-series"]
    chosen = study.cohort('scores.instruments=["NRS"]', "scores.context=movement")
    assert reasons(chosen) == ["no-score", None]
    assert chosen.steps["scores not linked", "other-instrument"] == 1
    assert chosen.steps["scores not linked", "other-context"] == 2


def test_a_lesion_of_a_patient_who_is_not_there_is_left_out(study):
    study.patient("bella", deceasedDateTime="not a date")
    study.procedure()
    study.procedure(patient="bella")
    study.patient("carla")
    study.score(3, study.at(7))
    cohort = study.cohort()
    assert reasons(cohort) == ["patient-missing", "patient-missing"]
    assert cohort.not_linked == {"score-1": "no-lesion"}


def test_a_patient_is_excluded_when_all_lesions_are(study):
    for name in ("anna", "bella"):
        study.patient(name)
        study.procedure(patient=name, site="L1")
        study.procedure(study.at(1), patient=name, site="scapula")
    study.score(3, study.at(7), site="scapula", patient="bella")
    frame = study.cohort().cohort.attrition
    steps = {(row["stage"], row["unit"], row["reason"]): row["n"] for row in frame.to_dicts()}
    assert steps["excluded", "lesion", "no-score"] == 3
    assert {unit: steps["excluded", unit, ""] for unit in ("patient",)} == {"patient": 1}
    assert [steps["treated", unit, ""] for unit in ("patient", "lesion")] == [2, 4]
    assert [steps["analysed", unit, ""] for unit in ("patient", "lesion")] == [1, 1]


def test_labels_rank_the_analysed_by_their_start(study):
    for name, day in (("anna", 5), ("bella", 0), ("carla", 3), ("dora", 3)):
        study.patient(name)
        study.procedure(study.at(day), patient=name)
        if name != "bella":
            study.score(2, study.at(day + 7), patient=name)
    cohort = study.cohort()
    assert {name: one["label"] for name, one in cohort.lesions.items()} == {
        "procedure-1": "lesion 3", "procedure-2": None,
        "procedure-3": "lesion 1", "procedure-4": "lesion 2",
    }  # fmt: skip
    assert cohort.cohort.analysed["label"].to_list() == ["lesion 1", "lesion 2", "lesion 3"]


def test_a_cohort_of_nothing_is_empty_and_says_so(study):
    cohort = study.cohort()
    assert cohort.cohort.lesions.is_empty()
    assert cohort.cohort.attrition.rows() == [
        ("received", "Patient", "resource", 1), ("mapped", "Patient", "resource", 1),
        ("treated", "", "patient", 0), ("treated", "", "lesion", 0),
        ("analysed", "", "patient", 0), ("analysed", "", "lesion", 0),
    ]  # fmt: skip


def test_the_attrition_is_kept_in_the_store_in_its_order(study, store_at):
    study.procedure()
    study.score(3, study.at(7))
    with store_at("kept") as kept:
        frame = study.cohort(store=kept, keep=True).cohort.attrition
        rows = kept.rows("select stage, reason, unit, n from attrition order by position")
    assert rows == frame.rows()


def test_pseudonyms_are_stable_within_a_store_and_different_between_stores(study, store_at):
    study.procedure()
    study.score(3, study.at(7))
    found = {}
    for name in ("one", "one", "two"):
        with store_at(name) as one:
            cohort = study.cohort(store=one).cohort
        ids = (
            *cohort.lesions.select("lesion_id", "patient_id").row(0),
            cohort.scores["score_id"][0],
        )
        assert found.setdefault(name, ids) == ids
    assert not set(found["one"]) & set(found["two"])
    assert len({*found["one"], *found["two"]}) == 6


def test_an_excluded_lesion_with_a_reference_of_0_is_in_no_percentage(study):
    for name, scores in {"a": [8, 5], "b": [8, 5], "c": [0]}.items():
        study.patient(name)
        study.procedure(patient=name)
        for day, value in zip((-1, 7), scores, strict=False):
            study.score(value, study.at(day), patient=name)
    cohort = study.cohort()
    assert cohort.steps["excluded", "minimum-after"] == 1
    result = check(Responders(endpoint="Wk1").run(cohort.cohort))
    assert (result["fall-2-of-treated"].n, result["fall-30-percent-of-treated"].n) == (3, 2)
    assert len(result.units["fall-30-percent-of-treated"].data) == 2
