"""The last line of defence: ids, queries and whatever is no plain value."""

import re

import pytest

from abate.errors import StoreError
from abate.telemetry import log, redact
from abate.telemetry.pseudonyms import Pseudonym, naming

NAMED = naming(None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "http://h/fhir/Patient?name=Maria&x=1 answered",
            "http://h/fhir/Patient?[hidden] answered",
        ),
        ("'http://h/fhir/Patient?token'", "'http://h/fhir/Patient?[hidden]'"),
        ("http://h/fhir#Maria", "http://h/fhir?[hidden]"),
        ("Patient?birthdate=1950-01-01 is odd", "Patient?[hidden] is odd"),
        ("sent _id=1,2&_count=5 there", "sent ?[hidden] there"),
        ("https://user:secret@h/fhir", "https://h/fhir"),
        ("one\x1b[31mtwo\rthree", "one?[31mtwo?three"),
    ],
)
def test_queries_and_logins_of_urls_and_control_characters_go(text, shown):
    assert redact.sentence(text, NAMED) == shown


@pytest.mark.parametrize(
    "text",
    [
        "pulled pain scores: 73 of 73 Observation, 1 page",
        "http://127.0.0.1:9/fhir/metadata cannot be reached: is it up? Check the URL",
        "http://h/fhir/Patient/_search answered 500",
        "Only where no patient is real set [study] synthetic = true.",
        "Set a key, as in --set scores.per_visit=worst.",
        "Europe/Vienna, 2 of 3",
    ],
)
def test_what_is_no_patients_stays_as_it_is(text):
    assert redact.sentence(text, NAMED) == text


@pytest.mark.parametrize("identifier", ["4711", "a.b-c", "lesion_1", "X" * 64])
def test_a_reference_in_a_sentence_becomes_its_pseudonym(identifier):
    shown = redact.sentence(f"lost http://h/fhir/Procedure/{identifier}.", NAMED)
    assert re.fullmatch(r"lost http://h/fhir/Procedure~[0-9a-f]{12}\.", shown)
    assert NAMED("Procedure", identifier) in shown


@pytest.mark.parametrize("name", ["id", "patient", "procedure", "lesion", "reference"])
def test_a_field_that_names_a_resource_is_hashed_whatever_it_looks_like(name):
    shown = redact.fields({name: "4711"}, NAMED)[name]
    assert re.fullmatch(r"[A-Z][a-z]+~[0-9a-f]{12}", shown)
    assert redact.fields({name: 4711}, NAMED)[name] == shown


def test_a_field_that_is_a_pseudonym_is_not_hashed_again():
    one = NAMED("Procedure", "4711")
    assert redact.fields({"procedure": one}, NAMED) == {"procedure": one}
    assert isinstance(one, Pseudonym)


@pytest.mark.parametrize("value", [["Maria"], {"name": "Maria"}, b"Maria", object(), ("Maria",)])
def test_a_field_that_is_no_plain_value_is_not_shown(value):
    assert redact.fields({"found": value}, NAMED) == {"found": "[hidden]"}


def test_numbers_and_truth_are_shown_as_they_are():
    plain = {"n": 3, "seconds": 0.5, "dry_run": True, "requests": None, "name": "pain scores"}
    assert redact.fields(plain, NAMED) == plain


@pytest.mark.parametrize("form", [log.sentence, log.as_json])
def test_both_forms_of_a_line_are_redacted(form, lines):
    logged = log.logger(lines.append, named=NAMED)
    logged.info("lost Patient/4711 at http://h/fhir/Patient?name=Maria", name="x", patient="4711")
    [line] = map(form, lines)
    assert "4711" not in line
    assert "Maria" not in line
    assert NAMED("Patient", "4711") in line
    assert lines[0]["patient"] == NAMED("Patient", "4711")


def test_where_the_key_cannot_be_kept_the_line_is_said_without_a_hash():
    def refused(*_):
        raise StoreError("full")

    assert redact.sentence("lost Patient/4711", refused) == "lost Patient~[hidden]"
