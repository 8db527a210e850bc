"""Bodies without measure: refused in bounded memory and bounded time, with a sentence."""

import contextlib
import gc
import gzip
import itertools
import json
import subprocess
import sys
import threading

import pytest

from abate.errors import SourceError
from abate.fhir.client import BudgetSpent, FhirServer, Limits
from abate.http import bounded_socket, clock
from abate.http.body import TooLarge, TooSlow

MEBIBYTE = 1 << 20
SMALL = Limits(largest_answer=100_000)
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LINE = b'{"resourceType":"Observation","id":"o"}\n'
# The memory that a client takes at most, above what it takes for a small answer, in MiB.
CLIENT = """
import resource, sys
from pathlib import Path
from abate.fhir.client import BudgetSpent, FhirServer, Limits
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
base, what = sys.argv[1:]
with FhirServer(base, limits=Limits(largest_answer=32 << 20)) as server:
    server.get("small")
    before = peak()
    try:
        if what.startswith("file"):
            print(server.download(what, Path("/dev/null"), authorised=True).bytes)
        else:
            print(len(server.get(what).body))
    except Exception as error:
        print(type(error).__name__)
print(peak() - before)
"""


def bomb(size):
    """So many MiB of lines, packed in members of 16, without ever holding them."""
    return gzip.compress(LINE[:-1] + b" " * (16 * MEBIBYTE - len(LINE)) + b"\n") * (size // 16)


def endless(piece):
    yield ENDLESS + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    yield from itertools.repeat(chunk)


def many(piece, times):
    kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\n"
    yield kind + b"Content-Length: %d\r\n\r\n" % (len(piece) * times)
    yield from itertools.repeat(piece, times)


def test_a_declared_length_above_the_bound_is_refused_before_the_body_is_read(wild, raw):
    wild.answers = [raw.sent(b"", Content_Length=100_001)]
    with FhirServer(wild.base, limits=SMALL) as server, pytest.raises(TooLarge) as refused:
        server.get("Patient", {"_id": "canary"})
    assert str(refused.value) == (
        f"{wild.base}/Patient: an answer is larger than 0 MB and was not read to its end. "
        "Check whether the server honours _count"
    )
    assert len(wild.asked) == 1


def test_an_answer_as_long_as_the_bound_is_read(wild, raw):
    body = json.dumps("x" * 99_998).encode()
    wild.answers = [raw.sent(body)]
    with FhirServer(wild.base, limits=SMALL) as server:
        assert server.get("Patient").body == body


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_body_that_is_longer_than_the_bound_is_left_and_not_asked_for_again(wild, raw, status):
    wild.answers = [raw.sent(b" " * 100_001, status, Content_Length=None)]
    with FhirServer(wild.base, limits=SMALL) as server, pytest.raises(TooLarge):
        server.get("Patient")
    assert len(wild.asked) == 1


def test_chunks_without_an_end_are_left_at_the_bound(wild):
    wild.answers = [endless(b" " * 1000)]
    with FhirServer(wild.base, limits=SMALL) as server, pytest.raises(TooLarge):
        server.get("Patient")


def test_gzip_that_unpacks_to_more_than_the_bound_is_left(wild, raw):
    wild.answers = [raw.sent(gzip.compress(b" " * 100_001), Content_Encoding="gzip")]
    with FhirServer(wild.base, limits=SMALL) as server, pytest.raises(TooLarge):
        server.get("Patient")


def test_gzip_members_that_hold_nothing_are_counted_as_they_come(wild):
    wild.answers = [
        itertools.chain(
            [ENDLESS + b"Content-Encoding: gzip\r\n\r\n"], itertools.repeat(gzip.compress(b""))
        )
    ]
    with FhirServer(wild.base, limits=SMALL) as server, pytest.raises(TooLarge):
        server.get("Patient")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_of_one_or_more_members_with_padding_is_unpacked(wild, raw, encoding):
    packed = gzip.compress(b'{"a": ') + gzip.compress(b"") + gzip.compress(b"1}") + b"\0" * 50
    wild.answers = [raw.sent(packed, Content_Encoding=encoding)]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").json() == {"a": 1}


def test_gzip_members_that_are_larger_than_a_piece_are_unpacked_whole(wild, raw):
    text = b'{"a": "' + b"x" * MEBIBYTE
    wild.answers = [
        raw.sent(gzip.compress(text) + gzip.compress(text[7:] + b'"}'), Content_Encoding="gzip")
    ]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").json() == {"a": "x" * 2 * MEBIBYTE}


def test_gzip_that_comes_byte_by_byte_is_unpacked(wild):
    packed = gzip.compress(b'{"a": 1}') + gzip.compress(b" ")
    head = ENDLESS + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    wild.answers = [[head, *(packed[at : at + 1] for at in range(len(packed)))]]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").json() == {"a": 1}


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(wild, raw, encoding):
    wild.answers = [raw.sent(b"{}", Content_Encoding=encoding)]
    with FhirServer(wild.base) as server, pytest.raises(SourceError, match="was not requested"):
        server.get("Patient")
    assert wild.asked[0][1]["Accept-Encoding"] == "gzip"


def test_a_body_that_drips_is_left_when_its_time_is_over(wild, raw, monkeypatch):
    """The server sends a byte for each look at the clock: a client that does not look gets none."""
    looks, drops = itertools.count(), threading.Semaphore(0)

    def now():
        drops.release()
        return next(looks)

    def dripping():
        yield raw.sent(b"", Content_Length=None)
        while drops.acquire(timeout=5):
            yield b" "

    monkeypatch.setattr(clock, "now", now)
    wild.answers = [dripping()]
    words = r"answers too slowly: the response was not complete after 100 seconds.*page_size"
    with (
        FhirServer(wild.base, limits=Limits(answer_seconds=100)) as server,
        pytest.raises(TooSlow, match=words),
    ):
        server.get("Patient")
    assert next(looks) < 1000


@pytest.fixture
def drip(wild, monkeypatch):
    """After its first bytes the server sends one for each look at the clock, some 2000 of them."""
    looks, drops = itertools.count(), threading.Semaphore(0)

    def now():
        drops.release()
        return next(looks)

    def dripping(first, drop):
        yield first
        for _ in range(2000):
            drops.acquire(timeout=5)
            yield drop

    def run(first, drop, **limits):
        wild.answers = [dripping(first, drop)]
        monkeypatch.setattr(clock, "now", now)
        with FhirServer(wild.base, limits=Limits(**limits)) as server:
            server.get("Patient")

    return run


HEAD = b"HTTP/1.1 200 Said\r\nContent-Type: application/fhir+json\r\n"


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 ",
        HEAD + b"X-Slow: ",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;",
    ],
)
def test_max_minutes_bounds_a_head_and_the_lengths_of_chunks_that_drip(drip, first):
    with pytest.raises(BudgetSpent, match="budget of 5 minutes is used up"):
        drip(first, b"1", max_minutes=5)


def test_a_head_that_drips_is_left_when_its_time_is_over(drip):
    words = "the head of the response was not complete after 100 seconds"
    with pytest.raises(TooSlow, match=words):
        drip(HEAD + b"X-Slow: ", b"x", answer_seconds=100)


@pytest.fixture
def client(wild):
    """A client in a process of its own: what it read, and the MiB that it took for that."""

    def run(what):
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, wild.base, what],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        read, memory = done.stdout.split()
        return read, float(memory)

    return run


@pytest.fixture
def large(wild, raw):
    """The wild server with 2 GiB in several forms, of which it holds little itself."""
    block = LINE[:-1] + b" " * (MEBIBYTE - len(LINE)) + b"\n"
    forms = {
        "/fhir/page": lambda: many(block, 2048),
        "/fhir/endless": lambda: endless(block),
        "/fhir/bomb": lambda: raw.sent(bomb(2048), Content_Encoding="gzip"),
        "/fhir/file": lambda: many(block, 2048),
        "/fhir/file-bomb": lambda: raw.sent(
            bomb(256), kind="application/fhir+ndjson", Content_Encoding="gzip"
        ),
        "/fhir/small": raw.sent,
    }
    wild.route = lambda line: forms[line.split()[1]]()


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("what", ["page", "endless", "bomb"])
def test_two_gigabytes_in_one_answer_are_refused_within_the_bound(client, what):
    read, memory = client(what)
    assert read == "TooLarge"
    assert memory < 32 * 1.125 + 10


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("what", "size"), [("file", 2048), ("file-bomb", 256)])
def test_a_file_of_any_size_comes_in_a_few_megabytes_of_memory(client, what, size):
    read, memory = client(what)
    assert int(read) == size * MEBIBYTE
    assert memory < 16


def test_a_signal_while_a_response_is_made_leaves_nothing_that_cannot_be_closed(
    monkeypatch, httpserver
):
    httpserver.expect_request("/fhir/metadata").respond_with_data("{}")

    def interrupt(*_):
        raise KeyboardInterrupt

    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr(bounded_socket._File, "__init__", interrupt)
    # Not by pytest.raises, which keeps the frames, and with them what is half made.
    with contextlib.suppress(KeyboardInterrupt), FhirServer(httpserver.url_for("/fhir")) as server:
        server.capability()
        pytest.fail("nothing was interrupted")
    gc.collect()
    assert unraisable == []
