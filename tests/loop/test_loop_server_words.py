"""A server may write what it likes into its answers: no message or log shows it.

Each text holds a canary, which must be in no message, log line, status or kept run.
"""

import json

import pytest
from werkzeug import Response

from abate.errors import AbateError

CANARY = "zwitscher4711"
JSON = "application/fhir+json"
R4 = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": []}


def outcome(**issue):
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def coding(system, code):
    return {"coding": [{"system": system, "code": code, "display": CANARY}], "text": CANARY}


ANSWERS = {
    "the path of a redirect": Response(
        "", 302, {"Location": f"https://other.example/{CANARY}/Procedure"}
    ),
    "a redirect to a path with a token": Response(
        "", 307, {"Location": f"https://other.example/fhir;token={CANARY}?sig={CANARY}"}
    ),
    "a login in a redirect": Response(
        "", 302, {"Location": f"https://{CANARY}:{CANARY}@other.example/fhir"}
    ),
    "the code of an issue": Response(
        outcome(severity="error", code=CANARY, diagnostics=CANARY), 400, content_type=JSON
    ),
    "a coding of an issue": Response(
        outcome(severity="error", code="processing", details=coding(f"urn:{CANARY}", CANARY)),
        400,
        content_type=JSON,
    ),
    "a coding of an issue with a short number": Response(
        outcome(severity="error", code="processing", details=coding(f"urn:{CANARY}", "4711")),
        400,
        content_type=JSON,
    ),
    "a content type": Response("x", 200, content_type=f"text/{CANARY}"),
    "a parameter of a content type": Response("x", 200, content_type=f"text/plain; a={CANARY}"),
    "the type of an entry": Response(
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "entry": [
                    {
                        "resource": {"resourceType": CANARY.capitalize(), "id": "x"},
                        "search": {"mode": "match"},
                    }
                ],
            }
        ),
        200,
        content_type=JSON,
    ),
    "an escape for the terminal": Response(
        "", 302, {"Location": f"https://other.example/\x1b[2J{CANARY}"}
    ),
}


VERSIONS = [f"4.0{CANARY}", f"5.0.{CANARY}", {"a": CANARY}]
PLACES = {
    "the CapabilityStatement": "/fhir/metadata",
    "a search by code": "/fhir/Procedure",
    "a search by POST": "/fhir/Patient/_search",
}


def leaves(loop):
    """All that the runs said, and keep outside of the store."""
    kept = [loop.output / name for name in ("status.json", "runs.jsonl")]
    said = [text for ran in loop.ran for text in (ran.out, ran.err)]
    return "".join([*said, *(one.read_text("utf-8") for one in kept)])


@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_text_that_the_server_chose_is_not_shown(loop, answer, path, log):
    loop.front.instead = lambda request: answer if request.path.startswith(path) else None

    ran = loop("run", "--log", log)

    assert ran.exit_code in (1, 3)
    assert CANARY not in leaves(loop).lower()
    assert "processing, 4711" not in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_that_the_server_chose_is_not_shown(loop, version):
    statement = json.dumps({**R4, "fhirVersion": version})
    metadata = Response(statement, content_type=JSON)
    loop.front.instead = lambda request: metadata if request.path == "/fhir/metadata" else None

    assert loop("run").exit_code in (1, 3)
    assert CANARY not in leaves(loop).lower()


def test_a_message_of_ours_with_an_id_shows_none_in_the_last_line(loop, monkeypatch):
    def fail(*_, **__):
        raise AbateError("Patient/p4711 of http://me:secret@a.example/fhir?name=x\x1b[2J is odd")

    monkeypatch.setattr("abate.cohort.assemble.assemble", fail)

    ran = loop("run", "--quiet")

    last = ran.err.strip().splitlines()[-1]
    assert last.startswith("abate: Patient~")
    for text in ("p4711", "secret", "name=x", "\x1b"):
        assert text not in leaves(loop)
