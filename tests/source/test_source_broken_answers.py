"""Answers that are cut off, damaged or not there: asked again, and a named failure if they stay."""

import gc
import gzip
import json
import socket
import ssl
import threading
from contextlib import suppress

import pytest
import requests

from abate.errors import IncompletePull, SourceError
from abate.fhir.client import FhirServer, Limits
from abate.http import clock
from abate.http.failures import unreachable

WHOLE = b'{"resourceType": "Bundle", "note": "canary", "total": 7}'
PACKED = gzip.compress(WHOLE)


def chunked(*pieces):
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def faults(sent, reset):
    """Each fault by its name: the bytes of one answer, and what is said if it stays."""
    packed = {"Content_Encoding": "gzip"}
    return {
        "closed before an answer": (b"", "cannot be reached"),
        "reset before an answer": ([reset], "cannot be reached"),
        "no HTTP": (b"HELLO\r\n\r\n", "cannot be reached"),
        "closed in the head": (b"HTTP/1.1 200 OK\r\nContent-Ty", "with no content type"),
        "half a body": (sent(WHOLE)[:-9], "the answer broke off"),
        "reset in the body": ([sent(WHOLE)[:-9], reset], "the answer broke off"),
        "a length that is too long": (sent(WHOLE, Content_Length=400), "the answer broke off"),
        "a length that is too short": (sent(WHOLE, Content_Length=20), "broken JSON"),
        "chunks without an end": (chunked(WHOLE), "the answer broke off"),
        "chunks cut off": (chunked(WHOLE)[:-20], "the answer broke off"),
        "JSON cut off": (sent(WHOLE[:-9]), "broken JSON"),
        "JSON cut off, without a length": (sent(WHOLE[:-9], Content_Length=None), "broken JSON"),
        "an empty body": (sent(b""), "broken JSON"),
        "other text": (sent(b'{"a": "\xff"}'), "broken JSON"),
        "gzip cut off": (sent(PACKED[:-12], **packed), "damaged gzip"),
        "gzip without its checksum": (sent(PACKED[:-8], **packed), "damaged gzip"),
        "gzip with a wrong checksum": (sent(PACKED[:-8] + b"12345678", **packed), "damaged gzip"),
        "gzip that is none": (sent(WHOLE, **packed), "damaged gzip"),
        "gzip with something behind": (sent(PACKED + b"canary", **packed), "damaged gzip"),
    }


NAMES = list(faults(lambda *_, **__: b"", None))


@pytest.fixture
def fault(raw):
    return faults(raw.sent, raw.RESET)


@pytest.mark.parametrize("by_post", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_search_whose_answer_is_broken_once_is_asked_again(wild, raw, fault, name, by_post):
    wild.answers = [fault[name][0], raw.sent(WHOLE)]
    with FhirServer(wild.base) as server:
        if by_post:
            answer = server.request("POST", "Patient/_search", body={"_id": "p1"}, is_read=True)
        else:
            answer = server.get("Patient", {"_id": "p1"})
    assert answer.json() == json.loads(WHOLE)
    first, second = wild.asked
    assert first[0] == second[0]
    assert first[2] == second[2] == (b"_id=p1" if by_post else b"")


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_stays_broken_is_told_after_a_few_tries(wild, fault, name, caplog):
    caplog.set_level("DEBUG")
    wild.answers, words = [fault[name][0]], fault[name][1]
    with FhirServer(wild.base) as server, pytest.raises(SourceError, match=words) as told:
        server.get("Patient", {"_id": "canary"}).json()
    assert "canary" not in str(told.value) + caplog.text
    assert len(wild.asked) <= 4


# urllib3 leaves the socket of such an answer to the garbage collector (2.8).
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_lengths_that_differ_are_a_broken_answer(wild, raw):
    two = raw.sent(WHOLE, Content_Length=f"{len(WHOLE)}\r\nContent-Length: 3")
    wild.answers = [two, raw.sent(WHOLE)]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").json() == json.loads(WHOLE)
    gc.collect()


@pytest.mark.parametrize("name", NAMES)
def test_a_write_whose_answer_is_broken_is_not_sent_again(wild, fault, name):
    wild.answers = [fault[name][0]]
    with FhirServer(wild.base) as server, suppress(SourceError):
        assert server.transact(b"{}").status == 200
    assert len(wild.asked) == 1


class Faulty(list):
    def __init__(self, base):
        super().__init__()
        self.base = base


@pytest.fixture
def routed(wild, raw, script, resource):
    """The wild server with a procedure, a patient and two pages of scores, of which one is broken.

    Gives what the second page answers, from the first time on.
    """
    score, fhir = resource["Observation"], {"resourceType": "Patient", "id": "p1"}
    bundles = {
        "GET /fhir/metadata": {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"},
        "GET /fhir/Procedure": script.bundle(resource["Procedure"](), total=1),
        "POST /fhir/Procedure/_search": script.bundle(resource["Procedure"](), total=1),
        "POST /fhir/Patient/_search": script.bundle(fhir, total=1),
        "POST /fhir/Observation/_search": script.bundle(
            score("s1"), total=2, following="Observation?page=2"
        ),
        "GET /fhir/Observation": script.bundle(score("s2"), total=2),
    }
    faulty = Faulty(wild.base)

    def route(line):
        if line == "GET /fhir/Observation?page=2" and faulty:
            return faulty.pop(0)
        return raw.sent(json.dumps(bundles[line.partition("?")[0]]).encode())

    wild.route = route
    return faulty


@pytest.mark.parametrize("name", NAMES)
def test_a_pull_through_a_page_that_is_broken_once_has_each_row_once(pull, routed, fault, name):
    routed[:] = [fault[name][0]]
    assert pull(routed.base).ids("Observation") == ["s1", "s2"]
    assert routed == []


@pytest.mark.parametrize("name", NAMES)
def test_a_pull_through_a_page_that_stays_broken_is_a_hole_and_leaves_nothing(
    pull, routed, fault, name, tmp_path
):
    routed[:] = [fault[name][0]] * 20
    with pytest.raises(IncompletePull, match=r"pain scores \(Observation, page 2\)") as hole:
        pull(routed.base)
    assert "canary" not in str(hole.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again_with_growing_waits(wild, raw, waits, status):
    wild.answers = [*[raw.sent(b"", status)] * 3, raw.sent(WHOLE)]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").status == 200
    assert len(waits) == 3
    assert all(low <= wait <= 2 * low for low, wait in zip((0.5, 1, 2), waits, strict=True))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 501])
def test_an_answer_that_will_not_change_is_not_asked_again(wild, raw, status):
    wild.answers = [raw.sent(b"{}", status)]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").status == status
    assert len(wild.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_write_is_not_sent_again_whatever_the_server_answers(wild, raw, status):
    wild.answers = [raw.sent(b"", status, Retry_After=1)]
    with FhirServer(wild.base) as server:
        assert server.transact(b"{}").status == status
        assert server.delete("job/1").status == status
        assert server.start("$export").status == status
    assert [line for line, _, _ in wild.asked] == [
        "POST /fhir",
        "DELETE /fhir/job/1",
        "GET /fhir/$export",
    ]


@pytest.mark.parametrize("send", [lambda to: to.transact(b"{}"), lambda to: to.get("Patient")])
def test_a_server_that_is_started_meanwhile_gets_what_nobody_has_seen(raw, monkeypatch, send):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    monkeypatch.setattr(clock, "sleep", lambda _: started or started.append(raw.Server(port)))
    try:
        with FhirServer(f"http://127.0.0.1:{port}/fhir") as server:
            assert send(server).status == 200
        assert len(started[0].asked) == 1
    finally:
        started[0].__exit__()


def test_what_is_left_of_a_broken_answer_is_not_the_next_one(wild, raw):
    """A keep-alive connection holds a second answer that nobody asked for."""
    smuggled = raw.sent(b'{"total": 666}')
    wild.answers = [raw.sent(WHOLE, Content_Length=20, Connection=None) + smuggled, raw.sent(WHOLE)]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").json() == json.loads(WHOLE)


def test_after_a_broken_answer_a_new_connection_is_opened(wild, raw):
    """The server keeps the first connection open, and reads no second request from it."""
    again = threading.Event()

    def broken():
        yield raw.sent(WHOLE[:-9], Connection=None)
        again.wait(timeout=5)

    def route(_):
        if len(wild.asked) == 1:
            return broken()
        again.set()
        return raw.sent(WHOLE)

    wild.route = route
    with FhirServer(wild.base, limits=Limits(max_requests=2), timeout_seconds=1) as server:
        assert server.get("Patient").json() == json.loads(WHOLE)


def test_a_certificate_that_is_not_trusted_is_not_tried_again():
    cause = ssl.SSLCertVerificationError("self-signed")
    failure = unreachable("https://x", requests.exceptions.SSLError(cause))
    assert not failure.is_worth_repeating(1, 7, is_read=True)
    assert unreachable("https://x", requests.exceptions.SSLError("EOF")).is_transient


def test_a_pull_that_stays_broken_is_a_hole(script, pull, respond):
    script.pages["Observation"] = [respond('{"resourceType": "Bundle"')]
    with pytest.raises(IncompletePull, match="broken JSON, not with a searchset"):
        pull()
    posted = [one for one in script.requests if "Observation/_search" in one[1]]
    assert len(posted) == 3
