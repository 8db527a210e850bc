"""Of people outside the study, and of what names nobody, nothing is kept but id and version."""

import pytest

SNOMED, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-9-cm"
BARE = {"server", "id", "version", "last_updated", "run_id", "state", "reason", "content"}


def subject(patient):
    return {"reference": f"Patient/{patient}"}


def meta(version="1"):
    return {"versionId": version, "lastUpdated": f"2026-01-0{version}T00:00:00Z"}


def patient(identifier, **more):
    return {"resourceType": "Patient", "id": identifier, "meta": meta(), "gender": "female", **more}


def procedure(identifier, owner, code="81.65", version="1"):
    return {
        "resourceType": "Procedure", "id": identifier, "meta": meta(version),
        "status": "completed", "performedDateTime": "2020-01-02", "subject": subject(owner),
        "code": {"coding": [{"system": ICD, "code": code}]},
    }  # fmt: skip


def condition(identifier, owner):
    coding = {"system": SNOMED, "code": "363358000"}
    return {
        "resourceType": "Condition", "id": identifier, "meta": meta(), "subject": subject(owner),
        "code": {"coding": [coding]},
    }  # fmt: skip


@pytest.fixture
def score(observation):
    def make(identifier, owner, version="1", **more):
        values = {"subject": subject(owner), "meta": meta(version), "valueInteger": 7}
        return observation(identifier, "72514-3", **values | more)

    return make


def is_bare(row):
    """Whether a row says no more than that the resource was there."""
    return not any(value is not None for name, value in row.items() if name not in BARE)


def test_only_id_and_version_of_other_people_are_kept(workshop, score):
    found = workshop.map(
        score("ours", "a"), score("theirs", "z", version="3"), score("broken", "z", status=None),
        other={
            "Patient": [patient("a"), patient("z")],
            "Procedure": [procedure("treated", "a"), procedure("other", "z", code="1")],
            "Condition": [condition("tumour", "a"), condition("flu", "z")],
        },
        is_judged=True,
    )  # fmt: skip
    assert set(found.rows["patient"]) == {"a"}
    for table, ours, theirs in (
        ("procedure", "treated", ["other"]),
        ("condition", "tumour", ["flu"]),
        ("observation", "ours", ["theirs", "broken"]),
    ):
        rows = found.rows[table]
        assert rows[ours]["patient_id"] == "a"
        assert rows[ours]["resource"] is not None
        for name in theirs:
            assert is_bare(rows[name])
            assert (rows[name]["state"], rows[name]["reason"]) == ("ignored", "outside-the-study")
    assert found.observations["theirs"]["version"] == "3"
    assert found.observations["theirs"]["last_updated"].startswith("2026-01-03")


def test_the_books_count_them_as_ignored(workshop, score):
    found = workshop.map(
        score("ours", "a"), score("theirs", "z"), score("broken", "z", status=None),
        other={"Procedure": [procedure("treated", "a")]},
        is_judged=True,
    )  # fmt: skip
    books = found.accounted["Observation"]
    assert (books.received, books.mapped, books.ignored, books.rejected) == (3, 1, 2, 0)


def test_what_names_nobody_keeps_its_reason_and_no_content(workshop, observation):
    found = workshop.map(
        observation("nobody", "72514-3", subject=None, valueInteger=7),
        observation("pulse", "8867-4", valueInteger=70),
        other={"Procedure": [procedure("treated", "a")]},
        is_judged=True,
    )
    assert found.verdict("nobody") == ("rejected", "no-patient")
    assert found.verdict("pulse") == ("ignored", "not-a-pain-score")
    assert is_bare(found.observations["nobody"])
    assert is_bare(found.observations["pulse"])


def test_whoever_was_merged_with_a_patient_is_of_the_study(workshop, score):
    link = {"other": {"reference": "Patient/a"}, "type": "replaced-by"}
    found = workshop.map(
        score("old", "before"),
        other={
            "Patient": [patient("a"), patient("before", link=[link])],
            "Procedure": [procedure("treated", "a")],
        },
        is_judged=True,
    )
    assert found.verdict("old")[0] == "mapped"
    assert set(found.rows["patient"]) == {"a", "before"}


def test_what_is_known_of_a_patient_who_leaves_the_study_goes(workshop, score):
    rows = {
        "Patient": [patient("a"), patient("b")],
        "Procedure": [procedure("treat-a", "a"), procedure("treat-b", "b")],
    }
    before = workshop.map(score("sa", "a"), score("sb", "b"), other=rows, is_judged=True)
    assert before.observations["sb"]["value"] == 7
    left = [procedure("treat-a", "a"), procedure("treat-b", "b", code="1", version="2")]
    after = workshop.map(
        other={"Procedure": left, "Patient": [], "Condition": []},
        changes=["Procedure", "Observation", "Patient", "Condition"],
        run_id="later", is_read_anew=False, is_judged=True,
    )  # fmt: skip
    assert set(after.rows["patient"]) == {"a"}
    assert is_bare(after.observations["sb"])
    assert is_bare(after.rows["procedure"]["treat-b"])
    assert after.observations["sa"]["value"] == 7


def test_what_a_new_patient_had_is_read_in_the_same_version(workshop, score):
    rows = {"Procedure": [procedure("treat-a", "a")]}
    workshop.map(score("sb", "b"), other=rows, is_judged=True)
    after = workshop.map(
        score("sb", "b"), other={"Procedure": [procedure("treat-b", "b", version="2")]},
        changes=["Procedure", "Observation"], run_id="later", is_read_anew=False, is_judged=True,
    )  # fmt: skip
    assert after.verdict("sb") == ("mapped", None)
    assert after.observations["sb"]["value"] == 7


def test_without_any_index_procedure_what_names_nobody_keeps_its_reason(workshop, observation):
    found = workshop.map(
        observation("nobody", "72514-3", subject=None, valueInteger=7),
        other={"Procedure": [procedure("other", "z", code="1")]},
        is_judged=True,
    )
    assert found.verdict("nobody") == ("rejected", "no-patient")
    assert found.rows["procedure"]["other"]["reason"] == "outside-the-study"
