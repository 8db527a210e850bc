"""Patients, Procedures and Conditions: mapped, ignored by rule, or rejected."""

import pytest

CPT = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "22511"}]}
LUNG = {"coding": [{"system": "http://snomed.info/sct", "code": "363358000"}]}
ELSE = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}
SUBJECT = {"reference": "Patient/p"}

PATIENTS = {
    "plain": ({"gender": "female", "birthDate": "1950-02-28"}, "mapped", None),
    "year of birth": ({"birthDate": "1950"}, "mapped", None),
    "dead": ({"deceasedBoolean": True}, "mapped", None),
    "dead since": ({"deceasedDateTime": "2020-01-02"}, "mapped", None),
    "alive": ({"deceasedBoolean": False}, "mapped", None),
    "gender of its own": ({"gender": "Zwitscher"}, "mapped", None),
    "born on 30 February": ({"birthDate": "1950-02-30"}, "mapped", "birth-date-malformed"),
    "born in month 13": ({"birthDate": "1950-13"}, "mapped", "birth-date-malformed"),
    "born at noon": ({"birthDate": "1950-02-28T12:00:00Z"}, "mapped", "birth-date-malformed"),
    "born in a number": ({"birthDate": 1950}, "mapped", "birth-date-malformed"),
    "born on 30 February, dead as text": (
        {"birthDate": "1950-02-30", "deceasedBoolean": "true"},
        "rejected",
        "death-malformed",
    ),
    "dead as text": ({"deceasedBoolean": "true"}, "rejected", "death-malformed"),
    "dead on a list": ({"deceasedDateTime": ["2020"]}, "rejected", "death-malformed"),
    "dead on 30 February": ({"deceasedDateTime": "2020-02-30"}, "rejected", "death-malformed"),
}
PROCEDURES = {
    "plain": ({}, "mapped", None),
    "period": (
        {"performedDateTime": None, "performedPeriod": {"start": "2020-01-02"}},
        "mapped",
        None,
    ),
    "no date": ({"performedDateTime": None}, "mapped", None),
    "not done": ({"status": "not-done"}, "mapped", None),
    "another code": ({"code": ELSE}, "ignored", "no-role"),
    "no code": ({"code": None}, "rejected", "no-code"),
    "no status": ({"status": None}, "rejected", "no-status"),
    "own status": ({"status": "Zwitscher"}, "rejected", "status-malformed"),
    "no patient": ({"subject": None}, "rejected", "no-patient"),
    "30 February": ({"performedDateTime": "2020-02-30"}, "rejected", "performed-malformed"),
    "no zone": ({"performedDateTime": "2020-01-02T10:00:00"}, "rejected", "time-without-zone"),
    "one site": ({"bodySite": {"coding": []}}, "rejected", "body-site-malformed"),
    "complication elsewhere": (
        {"complicationDetail": [{"reference": "http://other.test/Condition/c"}]},
        "rejected",
        "reference-unreadable",
    ),
}
ERROR = {"coding": [{"system": "urn:x", "code": "confirmed"}, {"code": "entered-in-error"}]}
CONDITIONS = {
    "plain": ({}, "mapped", None),
    "another code": ({"code": ELSE}, "ignored", "no-role"),
    "error": ({"verificationStatus": ERROR}, "ignored", "status-entered-in-error"),
    "error without a code": (
        {"verificationStatus": ERROR, "code": None},
        "ignored",
        "status-entered-in-error",
    ),
    "refuted": (
        {"verificationStatus": {"coding": [{"code": "refuted"}]}},
        "ignored",
        "status-refuted",
    ),
    "no code": ({"code": {"text": "lung cancer"}}, "rejected", "no-code"),
    "no patient": ({"subject": {"display": "somebody"}}, "rejected", "no-patient"),
    "30 February": ({"onsetDateTime": "2020-02-30"}, "rejected", "onset-malformed"),
}


def resources(kind, cases, **base):
    made = (
        {"resourceType": kind, "id": name, **base, **changes}
        for name, (changes, *_) in cases.items()
    )
    return [{key: value for key, value in one.items() if value is not None} for one in made]


@pytest.fixture(scope="module")
def mapped(shared_workshop):
    procedure = {
        "status": "completed",
        "code": CPT,
        "subject": SUBJECT,
        "performedDateTime": "2020-01-02",
    }
    return shared_workshop.map(
        other={
            "Patient": resources("Patient", PATIENTS),
            "Procedure": resources("Procedure", PROCEDURES, **procedure),
            "Condition": resources("Condition", CONDITIONS, code=LUNG, subject=SUBJECT),
        }
    )


@pytest.mark.parametrize(
    ("kind", "name", "state", "reason"),
    [
        (kind, name, state, reason)
        for kind, cases in (
            ("Patient", PATIENTS),
            ("Procedure", PROCEDURES),
            ("Condition", CONDITIONS),
        )
        for name, (_, state, reason) in cases.items()
    ],
)
def test_each_resource_has_its_place_and_reason(mapped, kind, name, state, reason):
    row = mapped.rows[kind.lower()][name]
    assert (row["state"], row["reason"]) == (state, reason)


@pytest.mark.parametrize(("kind", "cases"), [("Patient", PATIENTS), ("Procedure", PROCEDURES)])
def test_the_books_of_each_type_hold_every_resource(mapped, kind, cases):
    books = mapped.accounted[kind]
    states = [state for _, state, _ in cases.values()]
    assert books.received == len(cases)
    assert (books.mapped, books.ignored, books.rejected) == tuple(
        states.count(state) for state in ("mapped", "ignored", "rejected")
    )


def test_a_gender_that_fhir_does_not_know_is_none(mapped):
    rows = mapped.rows["patient"]
    assert (rows["plain"]["sex"], rows["gender of its own"]["sex"]) == ("female", None)


def test_a_birth_date_that_is_none_is_left_out_and_the_patient_kept(mapped):
    rows = mapped.rows["patient"]
    born = {name: row["birth_date"] for name, row in rows.items() if name.startswith("born")}
    assert set(born.values()) == {None}
    assert len(born) == 5
    assert (rows["plain"]["birth_date"], rows["year of birth"]["birth_date"]) == (
        "1950-02-28",
        "1950",
    )


def test_death_is_a_flag_and_where_given_a_date(mapped):
    rows = mapped.rows["patient"]
    told = {
        name: (rows[name]["deceased"], rows[name]["death"])
        for name in ("dead", "dead since", "alive")
    }
    assert told == {
        "dead": (True, None),
        "dead since": (True, "2020-01-02"),
        "alive": (False, None),
    }


def test_a_procedure_keeps_its_status_and_its_period(mapped):
    rows = mapped.rows["procedure"]
    assert rows["not done"]["status"] == "not-done"
    assert (rows["period"]["start_text"], rows["period"]["end_text"]) == ("2020-01-02", None)
    assert (rows["plain"]["start_text"], rows["plain"]["end_text"]) == ("2020-01-02", "2020-01-02")
