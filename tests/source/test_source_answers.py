"""What an answer says of itself: content types, charsets, codes, dates, in all spellings."""

import json
from datetime import UTC, datetime

import pytest

from abate.errors import IncompletePull, SourceError
from abate.fhir.client import FhirServer

NAME = "Bäcker-Canary ß"


@pytest.fixture
def answered(wild, raw):
    """The answer to a GET, of a server that sends this."""

    def ask(*written, **headers):
        wild.answers = [raw.sent(*written, **headers)]
        with FhirServer(wild.base) as server:
            return server.get("Patient", {"_id": "canary"})

    return ask


@pytest.mark.parametrize(
    "kind",
    [
        "application/fhir+json; charset=UTF-8",
        "application/fhir+json;charset=utf8;fhirVersion=4.0",
        "Application/JSON",
        "APPLICATION/FHIR+JSON ; CHARSET=\"UTF-8\"",
        "application/json+fhir",
        "text/json",
        "application/vnd.hl7.fhir+json",
    ],
)  # fmt: skip
def test_json_is_known_in_all_spellings(answered, kind):
    assert answered(b'{"a": 1}', kind=kind).json() == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("text/plain", "text/plain"),
        ("application/fhir+xml", "application/fhir+xml"),
        ("application/fhir+ndjson", "application/fhir+ndjson"),
        ("Canary is the patient", "an unknown content type"),
        ("text/canary", "an unknown content type"),
        (None, "no content type"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_what_is_no_json_is_told_in_words_and_not_shown(answered, kind, told, status):
    answer = answered(b"<p>canary", status, kind=kind)
    with pytest.raises(SourceError) as refused:
        answer.json()
    assert str(refused.value).endswith(f"/Patient answered {status} with {told}, not with JSON")
    assert answer.summary == str(status)


def test_header_names_are_known_in_any_case(wild):
    body = b'{"a": 1}'
    head = f"HTTP/1.1 200 OK\r\ncOnTeNt-TyPe: application/json\r\nCONTENT-LENGTH: {len(body)}\r\n"
    wild.answers = [f"{head}x-page: 1\r\n\r\n".encode() + body]
    with FhirServer(wild.base) as server:
        answer = server.get("Patient")
    assert answer.json() == {"a": 1}
    assert answer.headers["x-page"] == "1"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8-sig"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("iso-8859-15", "iso-8859-15"),
        ("UTF-16", "utf-16"),
    ],
)
def test_text_of_a_known_charset_is_read_as_what_it_says(answered, charset, codec):
    body = json.dumps({"name": NAME}, ensure_ascii=False).encode(codec)
    answer = answered(body, kind=f"application/fhir+json; charset={charset}")
    assert answer.json() == {"name": NAME}
    assert answer.body == json.dumps({"name": NAME}, ensure_ascii=False).encode()


def test_a_byte_order_mark_is_left_out(answered):
    assert answered(b'\xef\xbb\xbf{"a": 1}').body == b'{"a": 1}'


@pytest.mark.parametrize("charset", ["rot13", "utf-7", "canary", "unicode_escape"])
def test_another_charset_is_refused_and_not_shown(answered, charset):
    with pytest.raises(SourceError, match="an unsupported charset: abate reads UTF-8") as refused:
        answered(b'{"a": 1}', kind=f"application/json; charset={charset}")
    assert charset not in str(refused.value).removesuffix("UTF-8 is wanted")


def test_text_that_is_not_of_its_charset_is_a_named_failure(answered):
    with pytest.raises(SourceError, match="answered 200 with text in another charset"):
        answered(NAME.encode(), kind="application/json; charset=us-ascii")


def outcome(*issues):
    return json.dumps({"resourceType": "OperationOutcome", "issue": list(issues)}).encode()


def coded(system, code, issue="processing"):
    text = "canary has no record"
    coding = [{"system": system, "code": code, "display": text}]
    return {"code": issue, "diagnostics": text, "details": {"text": text, "coding": coding}}


@pytest.mark.parametrize(
    ("issues", "told"),
    [
        ([{"code": "not-found", "diagnostics": "canary"}], "400 (not-found)"),
        ([coded("urn:oid:1.2.840.7", "4127")], "400 (processing, 4127)"),
        ([coded("urn:oid:1.2.840.7", "4127")] * 2, "400 (processing, 4127)"),
        ([coded("http://x.example/codes", "CANARY")], "400 (processing)"),
        ([coded("http://x.example/codes", "4711")], "400 (processing)"),
        ([coded("urn:x", "the canary is not here")], "400 (processing)"),
        ([coded("urn:x", "canary" * 5)], "400 (processing)"),
        ([coded("http://x.example/?name=canary", "1")], "400 (processing)"),
        ([coded(None, "1")], "400 (processing)"),
        ([{"code": "canary"}], "400"),
        (["canary", None, {"code": ["canary"]}, {"details": "canary"}], "400"),
    ],
)  # fmt: skip
def test_of_an_outcome_codes_are_told_and_never_texts(answered, issues, told):
    assert answered(outcome(*issues), 400).summary == told


@pytest.mark.parametrize("body", [b"{", b"[]", b'"canary"', b'{"resourceType": "Patient"}', b""])
def test_an_error_without_an_outcome_is_its_status(answered, body):
    assert answered(body, 422).summary == "422"


def test_a_hole_tells_the_codes_of_the_outcome(script, pull, respond):
    script.pages["Observation"] = [
        respond(outcome(coded("urn:oid:1.2.840.7", "4127")).decode(), 400)
    ]
    with pytest.raises(IncompletePull) as caught:
        pull()
    assert "answered 400 (processing, 4127). Nothing was stored" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("Tue, 03 Nov 2026 02:15:00 GMT", datetime(2026, 11, 3, 2, 15, tzinfo=UTC)),
        ("Tue, 03 Nov 2026 03:15:00 +0100", datetime(2026, 11, 3, 2, 15, tzinfo=UTC)),
        ("Tue, 03 Nov 2026 02:15:00 -0000", datetime(2026, 11, 3, 2, 15, tzinfo=UTC)),
        ("yesterday", None),
        ("1793672100", None),
        (None, None),
    ],
)
def test_the_servers_clock_is_read(answered, said, date):
    found = answered(b"{}", Date=said).date
    assert found == date
    assert found is None or found.utcoffset() is not None
