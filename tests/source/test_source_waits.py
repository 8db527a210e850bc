"""How long to wait: what the server asks for, if it makes sense, and never too long."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate.fhir.client import FhirServer, Limits
from abate.http import clock
from abate.http.retry import backoff, read_retry_after
from heard import listening

NOW = datetime(2026, 11, 3, 2, 15, tzinfo=UTC)


def asked(text, now=NOW):
    return read_retry_after({"retry-after": text, "date": format_datetime(now, usegmt=True)})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0.5", 0.5),
        ("120", 120),
        ("18000", 120),  # Cerner: five hours
        ("Tue, 03 Nov 2026 02:15:30 GMT", 30),
        ("Tuesday, 03-Nov-26 02:15:30 GMT", 30),
        ("Tue, 03 Nov 2026 03:15:30 +0100", 30),
        ("Tue, 03 Nov 2026 09:00:00 GMT", 120),
    ],
)
def test_a_wait_that_makes_sense_is_honoured_up_to_two_minutes(text, seconds):
    assert asked(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-5",
        "soon",
        "1793672100",  # an epoch in seconds
        "1793672100000",  # the same in milliseconds
        "31536000",  # a year
        "9" * 5000,
        "1e3",
        "٣",
        "7, 7",
        "Tue, 03 Nov 2026 02:14:00 GMT",
        "Tue, 03 Nov 2036 02:15:00 GMT",
        "Tue, 99 Nov 2026 02:15:00 GMT",
        "2026-11-03T02:16:00Z",
    ],
)
def test_nonsense_is_no_wait(text):
    assert asked(text) is None


@given(st.text() | st.integers().map(str) | st.floats().map(str))
def test_whatever_stands_there_the_wait_is_none_or_at_most_two_minutes(text):
    found = asked(text)
    assert found is None or 0 < found <= 120


@given(st.integers(min_value=1, max_value=86_400), st.integers(min_value=-900, max_value=900))
def test_a_date_is_read_by_the_servers_own_clock(seconds, wrong):
    server = NOW + timedelta(days=wrong)
    until = format_datetime(server + timedelta(seconds=seconds), usegmt=True)
    assert asked(until, server) == min(seconds, 120)


@given(st.integers(min_value=1, max_value=10_000))
def test_the_backoff_doubles_with_chance_up_to_a_minute(tried):
    longest = min(2.0 ** min(tried - 1, 30), 60)
    assert longest / 2 <= backoff(tried) <= longest


@pytest.mark.parametrize(
    ("said", "first"), [("17", 17), ("18000", 120), ("1793672100", None), ("-1", None)]
)
def test_the_servers_wait_is_waited_and_nonsense_is_not(wild, raw, waits, said, first):
    wild.answers = [raw.sent(b"", 429, Retry_After=said), raw.sent()]
    with FhirServer(wild.base) as server:
        assert server.get("Patient").status == 200
    [wait] = waits
    assert wait == first or (first is None and 0.5 <= wait <= 1)


def test_a_long_wait_is_said_with_its_reason(wild, raw, waits):
    said = []
    wild.answers = [raw.sent(b"canary", 503, kind="text/html", Retry_After=30), raw.sent()]
    with FhirServer(wild.base, log=listening(said.append)) as server:
        server.get("Patient", {"_id": "canary"})
    assert said == [f"{wild.base}/Patient answered 503: asking again in 30 s"]
    assert waits == [30]


@pytest.mark.parametrize("status", [429, 503])
def test_all_threads_rest_when_one_is_told_to(wild, raw, monkeypatch, status):
    waited, others = [], []
    wild.answers = [raw.sent(b"", status, Retry_After=30), raw.sent()]

    def sleep(seconds):
        """While the first one waits, another thread begins."""
        if not others:
            others.append(threading.Thread(target=server.get, args=("Observation",)))
            others[0].start()
            others[0].join()
        waited.append(seconds)

    monkeypatch.setattr(clock, "now", lambda: sum(waited))
    monkeypatch.setattr(clock, "sleep", sleep)
    with FhirServer(wild.base) as server:
        server.get("Patient")
    assert waited == [30, 30]
    assert [line for line, _, _ in wild.asked] == [
        "GET /fhir/Patient",
        "GET /fhir/Observation",
        "GET /fhir/Patient",
    ]


def test_one_threads_broken_answer_makes_nobody_else_wait(wild, raw, waits):
    wild.answers = [raw.sent(b"", 502), raw.sent()]
    with FhirServer(wild.base, limits=Limits(requests_per_second=1000)) as server:
        server.get("Patient")
        server.get("Observation")
    assert sum(waits) <= 1.001
