"""Resources a second and the time left, as rich's progress measures them."""

import pytest
from rich.progress import Progress

from abate.telemetry.throughput import Throughput, duration, words


@pytest.fixture
def throughput(clock):
    return Throughput(Progress(disable=True, get_time=clock))


def page(throughput, received, expected=None, query="scores"):
    throughput.follow({"event": "query.page", "query": query, "type": "Observation",
                       "received": received, "expected": expected})  # fmt: skip


def begin(throughput, query="scores"):
    throughput.follow({"event": "query.begin", "query": query, "type": "Observation"})


def pages(throughput, clock, *received, expected=None, query="scores"):
    """A page each ten seconds."""
    for number in received:
        clock.wait(10)
        page(throughput, number, expected, query)


def test_rows_a_second_are_those_of_all_queries(throughput, clock):
    begin(throughput, "patients")
    pages(throughput, clock, 100, 200, query="patients")
    begin(throughput)
    pages(throughput, clock, 400)
    assert throughput.reading() == {"rows_per_second": 25}  # 500 in the 20 s after the first page


def test_the_time_left_follows_from_the_expected_count(throughput, clock):
    begin(throughput)
    pages(throughput, clock, 100, 200, 300, 400, expected=1000)
    reading = throughput.reading()
    assert reading == {"rows_per_second": 10, "seconds_left": 60}
    assert words(reading) == ", 10 rows/s, 60 s left"


def test_without_an_expected_count_no_time_left_is_told(throughput, clock):
    begin(throughput)
    pages(throughput, clock, 200, 400)
    assert words(throughput.reading()) == ", 20 rows/s"


def test_the_next_query_has_its_own_end(throughput, clock):
    begin(throughput)
    pages(throughput, clock, 100, 200, expected=200)
    begin(throughput, "conditions")
    assert "seconds_left" not in throughput.reading()
    pages(throughput, clock, 10, 20, expected=50, query="conditions")
    assert throughput.reading()["seconds_left"] == 30


def test_the_parts_of_a_query_are_one_work(throughput, clock):
    begin(throughput)
    pages(throughput, clock, 100, expected=400)
    begin(throughput)
    pages(throughput, clock, 200, expected=400)
    assert throughput.reading()["seconds_left"] == 20


def test_a_pull_by_patients_ends_with_its_patients_and_not_with_the_count_of_a_query(
    throughput, clock
):
    throughput.follow({"event": "patients.found", "procedures": 9, "patients": 60})
    begin(throughput)
    for done in (20, 40):
        clock.wait(10)
        page(throughput, received=5 * done, expected=5 * done)
        throughput.follow({"event": "patients.done", "received": done, "expected": 60})
    assert throughput.reading()["seconds_left"] == 10


def test_before_anything_arrived_nothing_is_known(throughput):
    assert throughput.reading() == {}
    assert words({}) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (4.24, "4.2 s"), (42, "42 s"), (180, "3 min"), (7500, "2 h 5 min")],
)
def test_a_time_is_told_in_words(seconds, text):
    assert duration(seconds) == text
