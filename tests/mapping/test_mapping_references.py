"""References to patient, focus, procedure and encounter: pull and mapping read them alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.fhir.references import local_id
from abate.store.database import open_store

SERVER = "http://fhir.test/base"
READABLE = {
    "relative": "{}/a-1.B",
    "versioned": "{}/a-1.B/_history/7",
    "absolute": SERVER + "/{}/a-1.B",
    "absolute and versioned": SERVER + "/{}/a-1.B/_history/abc-1",
}
UNREADABLE = {
    "absolute elsewhere": "http://other.test/base/{}/a-1.B",
    "of a longer base": SERVER + "2/{}/a-1.B",
    "contained": "#a-1.B",
    "a urn": "urn:uuid:5c5c4ad5-6a54-4ed5-9f0c-8a4a4c9a3c0d",
    "conditional": "{}?identifier=urn:x|7",
    "without an id": "{}/",
    "with more": "{}/a-1.B/more",
    "an id of 65 letters": "{}/" + 65 * "a",
    "empty": "",
}


# References without a literal one, and the identifier of a Procedure that they give.
SEVEN = {"system": "urn:x", "value": "7"}
NAMED = {
    "identified": ({"identifier": SEVEN}, SEVEN),
    "of the type": ({"identifier": SEVEN, "type": "Procedure"}, SEVEN),
    "of another type": ({"identifier": SEVEN, "type": "Condition"}, None),
    "with a display": ({"display": "left hip"}, None),
    "of a value alone": ({"identifier": {"value": "7"}}, None),
}


def refer(text, kind):
    return {"reference": text.format(kind)}


@pytest.fixture(scope="module")
def mapped(shared_workshop, observation):
    cases = []
    for name, text in {**READABLE, **UNREADABLE}.items():
        for field, changes in {
            "subject": {"subject": refer(text, "Patient")},
            "focus": {"focus": [refer(text, "Procedure")]},
            "partOf": {"partOf": [refer(text, "Procedure")]},
            "encounter": {"encounter": refer(text, "Encounter")},
        }.items():
            cases.append(observation(f"{field} {name}", "72514-3", valueInteger=7, **changes))
    identified = {"identifier": {"system": "urn:x", "value": "7"}}
    for name, one in NAMED.items():
        cases.append(observation(f"focus {name}", "72514-3", valueInteger=7, focus=[one[0]]))
        cases.append(observation(f"partOf {name}", "72514-3", valueInteger=7, partOf=[one[0]]))
    cases += [
        observation("subject identified", "72514-3", valueInteger=7, subject=identified),
        observation("focus of text", "72514-3", valueInteger=7, focus=["Procedure/a"]),
        observation(
            "focus of two, one identified",
            "72514-3",
            valueInteger=7,
            focus=[identified, refer("Procedure/a", "")],
        ),
        observation(
            "subject is a procedure", "72514-3", valueInteger=7, subject=refer("Procedure/a", "")
        ),
        observation("encounter identified", "72514-3", valueInteger=7, encounter=identified),
    ]
    return shared_workshop.map(*cases)


@pytest.mark.parametrize("name", READABLE)
def test_a_reference_to_this_server_is_read_without_base_and_version(mapped, name):
    rows = mapped.observations
    assert rows[f"subject {name}"]["patient_id"] == "a-1.B"
    assert rows[f"focus {name}"]["focus"] == ["Procedure/a-1.B"]
    assert rows[f"partOf {name}"]["part_of"] == ["Procedure/a-1.B"]
    assert rows[f"encounter {name}"]["encounter_id"] == "a-1.B"
    assert {rows[f"{field} {name}"]["state"] for field in ("subject", "focus", "encounter")} == {
        "mapped"
    }


@pytest.mark.parametrize("name", [*UNREADABLE, "identified"])
def test_a_score_whose_patient_is_not_on_this_server_is_rejected(mapped, name):
    assert mapped.verdict(f"subject {name}") == ("rejected", "no-patient")


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_score_whose_focus_cannot_be_read_is_rejected_and_not_linked_by_a_weaker_rule(
    mapped, name
):
    assert mapped.verdict(f"focus {name}") == ("rejected", "reference-unreadable")


@pytest.mark.parametrize("name", NAMED)
def test_a_focus_or_part_that_has_no_literal_reference_rejects_no_score(mapped, name):
    rows, found = mapped.observations, NAMED[name][1]
    assert [rows[f"{field} {name}"]["state"] for field in ("focus", "partOf")] == ["mapped"] * 2
    assert (rows[f"focus {name}"]["focus"], rows[f"focus {name}"]["focus_named"]) == ([], [found])
    assert (rows[f"partOf {name}"]["part_of"], rows[f"partOf {name}"]["part_named"]) == (
        [],
        [found],
    )


def test_a_focus_of_two_is_read_whole(mapped):
    row = mapped.observations["focus of two, one identified"]
    assert (row["focus"], row["focus_named"]) == (["Procedure/a"], [SEVEN])


def test_a_focus_that_is_no_reference_rejects_the_score(mapped):
    assert mapped.verdict("focus of text") == ("rejected", "reference-unreadable")


@pytest.mark.parametrize("name", [*UNREADABLE, "identified"])
def test_an_encounter_that_is_not_on_this_server_is_left_out(mapped, name):
    row = mapped.observations[f"encounter {name}"]
    assert (row["state"], row["encounter_id"]) == ("mapped", None)


def test_a_subject_that_is_no_patient_is_none(mapped):
    assert mapped.verdict("subject is a procedure") == ("rejected", "no-patient")


@pytest.mark.parametrize("text", [*READABLE.values(), *UNREADABLE.values()])
def test_the_pull_reads_a_reference_as_the_mapping_does(mapped, text):
    name = next(name for name, known in {**READABLE, **UNREADABLE}.items() if known == text)
    reference = text.format("Patient")
    assert (
        local_id(reference, "Patient", SERVER)
        == mapped.observations[f"subject {name}"]["patient_id"]
    )


pieces = st.sampled_from(
    [
        "Patient",
        "/",
        "a",
        "B-1.",
        "_history",
        "1",
        SERVER,
        "http://other",
        "#",
        "?",
        "|",
        "é",
        "\n",
        "Group",
        " ",
    ]
)


def test_no_reference_is_read_in_two_ways(shared_workshop):
    with open_store(shared_workshop.store) as store:

        @settings(max_examples=300, deadline=None, database=None)
        @given(st.lists(pieces, max_size=7).map("".join))
        def equal(reference):
            sql = "select id_of(to_json($reference), 'Patient', $server)"
            (found,) = store.rows(sql, {"reference": reference, "server": SERVER})[0]
            assert found == local_id(reference, "Patient", SERVER)

        equal()
