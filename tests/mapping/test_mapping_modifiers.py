"""Modifier elements: what changes the meaning of a resource, and is not known, is never read.

https://hl7.org/fhir/R4/conformance-rules.html#isModifier
"""

import pytest

UNKNOWN = {"modifierExtension": [{"url": "urn:x:negated", "valueBoolean": True}]}
CEMENT = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-9-cm", "code": "81.65"}]}
TUMOUR = {"coding": [{"system": "http://snomed.info/sct", "code": "254637007"}]}
SUBJECT = {"reference": "Patient/p"}

EVERYWHERE = {
    "a modifier extension": (UNKNOWN, "modifier-extension"),
    "implicit rules": ({"implicitRules": "urn:x:rules"}, "implicit-rules"),
    "a modifier extension that is no list": (
        {"modifierExtension": {"url": "urn:x"}},
        "modifier-extension",
    ),
}
NOT_DONE = {
    name: ({name: True}, "not-done")
    for name in ("notDone", "notGiven", "notPerformed", "doNotPerform")
}
HARMLESS = {
    "no modifier extension": {"modifierExtension": []},
    "no rules": {"implicitRules": None},
    "done": {"notDone": False},
    "a note that names one": {"note": [{"text": 'the word "modifierExtension" and "notDone"'}]},
    "one of an element that is not read": {"performer": [UNKNOWN], "contact": [UNKNOWN]},
    "one of a contained resource": {"contained": [{"resourceType": "Device", **UNKNOWN}]},
}


def procedure(identifier, **fields):
    return {
        "resourceType": "Procedure",
        "id": identifier,
        "status": "completed",
        "code": CEMENT,
        "subject": SUBJECT,
        "performedDateTime": "2020-01-02",
    } | fields


def condition(identifier, **fields):
    return {
        "resourceType": "Condition",
        "id": identifier,
        "code": TUMOUR,
        "subject": SUBJECT,
    } | fields


@pytest.fixture(scope="module")
def score(observation):
    return lambda identifier, **fields: observation(identifier, "72514-3", valueInteger=7, **fields)


@pytest.fixture(scope="module")
def make(score):
    return {
        "Observation": score,
        "Procedure": procedure,
        "Condition": condition,
        "Patient": lambda identifier, **fields: {
            "resourceType": "Patient",
            "id": identifier,
            **fields,
        },
    }


@pytest.fixture(scope="module")
def mapped(shared_workshop, make):
    cases = {name: fields for name, (fields, _) in (EVERYWHERE | NOT_DONE).items()} | HARMLESS
    sent = {
        kind: [one(name, **fields) for name, fields in cases.items()] for kind, one in make.items()
    }
    return shared_workshop.map(
        *sent["Observation"], other={kind: sent[kind] for kind in make if kind != "Observation"}
    )


@pytest.mark.parametrize("kind", ["patient", "procedure", "condition", "observation"])
@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_modifier_that_is_not_known_rejects_the_resource_by_its_name(mapped, kind, name):
    row = mapped.rows[kind][name]
    assert (row["state"], row["reason"]) == ("rejected", EVERYWHERE[name][1])


@pytest.mark.parametrize("kind", ["patient", "procedure", "condition", "observation"])
@pytest.mark.parametrize("name", HARMLESS)
def test_what_modifies_nothing_that_is_read_rejects_nothing(mapped, kind, name):
    assert mapped.rows[kind][name]["state"] == "mapped"


@pytest.mark.parametrize("name", NOT_DONE)
def test_a_procedure_that_says_it_was_not_done_has_that_status(mapped, name):
    row = mapped.rows["procedure"][name]
    assert (row["state"], row["status"]) == ("mapped", "not-done")


@pytest.mark.parametrize("kind", ["patient", "condition", "observation"])
@pytest.mark.parametrize("name", NOT_DONE)
def test_anything_else_that_says_so_is_rejected(mapped, kind, name):
    row = mapped.rows[kind][name]
    assert (row["state"], row["reason"]) == ("rejected", "not-done")


ELEMENTS = {
    "its code": {"code": {**CEMENT, **UNKNOWN}},
    "its subject": {"subject": {**SUBJECT, **UNKNOWN}},
    "its period": {"performedDateTime": None, "performedPeriod": {"start": "2020", **UNKNOWN}},
    "its body site": {"bodySite": [{**UNKNOWN, "coding": [{"system": "urn:x", "code": "y"}]}]},
    "a coding": {"code": {"coding": [{**CEMENT["coding"][0], **UNKNOWN}]}},
}


def test_one_of_any_element_that_is_read_rejects_the_resource(workshop, score):
    ranges = [{"low": {"value": 0}, "high": {"value": 10}, **UNKNOWN}]
    mapped = workshop.map(
        score("range", referenceRange=ranges),
        other={"Procedure": [procedure(name, **fields) for name, fields in ELEMENTS.items()]},
    )
    rows = [*mapped.rows["procedure"].values(), *mapped.observations.values()]
    assert {row["reason"] for row in rows} == {"modifier-extension"}
    assert len(rows) == len(ELEMENTS) + 1


def test_a_comparator_in_a_reference_range_is_no_end_of_it(workshop, observation):
    ranges = [{"low": {"value": 0}, "high": {"value": 10, "comparator": "<"}}]
    mapped = workshop.map(observation("o", valueInteger=7, referenceRange=ranges))
    assert mapped.verdict("o") == ("rejected", "range-malformed")


VERIFIED = {
    "confirmed": ("mapped", None),
    "unconfirmed": ("mapped", None),
    "provisional": ("mapped", None),
    "refuted": ("ignored", "status-refuted"),
    "entered-in-error": ("ignored", "status-entered-in-error"),
    "differential": ("ignored", "status-differential"),
    "a code of the site's": ("rejected", "status-malformed"),
}


@pytest.mark.parametrize("code", VERIFIED)
def test_the_verification_of_a_condition_is_read_as_r4_and_as_stu3_say_it(workshop, code):
    mapped = workshop.map(
        other={
            "Condition": [
                condition("r4", verificationStatus={"coding": [{"system": "urn:x", "code": code}]}),
                condition("stu3", verificationStatus=code),
            ]
        }
    )
    rows = mapped.rows["condition"]
    assert {(rows[one]["state"], rows[one]["reason"]) for one in rows} == {VERIFIED[code]}
    assert len(rows) == 2


def test_a_verification_in_words_only_rejects_the_condition(workshop):
    mapped = workshop.map(
        other={"Condition": [condition("c", verificationStatus={"text": "ruled out"})]}
    )
    assert mapped.rows["condition"]["c"]["reason"] == "status-malformed"


@pytest.mark.parametrize(
    ("kind", "state"), [("refer", "mapped"), ("seealso", "mapped"), ("replace", "rejected")]
)
def test_a_link_of_a_type_that_is_not_known_rejects_the_patient(workshop, kind, state):
    link = [{"other": {"reference": "Patient/q"}, "type": kind}]
    mapped = workshop.map(other={"Patient": [{"resourceType": "Patient", "id": "p", "link": link}]})
    assert mapped.rows["patient"]["p"]["state"] == state


def test_an_inactive_patient_is_one(workshop):
    mapped = workshop.map(
        other={"Patient": [{"resourceType": "Patient", "id": "p", "active": False}]}
    )
    assert mapped.rows["patient"]["p"]["state"] == "mapped"
