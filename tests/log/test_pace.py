"""Rows a second, the time left, and a line now and then."""

import pytest

from abate.pace import Pace, Paced, duration, words


@pytest.fixture
def say(listener, clock):
    return Paced(listener, listener, every=30, clock=clock)


def page(say, received, expected=None, query="scores"):
    say("pulling", event="query.page", query=query, type="Observation", received=received,
        expected=expected)  # fmt: skip


def begin(say, query="scores"):
    say("asking", event="query.begin", query=query, type="Observation")


def test_what_comes_often_is_said_at_most_every_30_seconds(say, listener, clock):
    begin(say)
    for number in range(1, 100):
        clock.wait(1)
        page(say, received=number)
    assert [fields["received"] for fields in listener.fields("query.page")] == [30, 60, 90]


def test_all_else_is_said_at_once(say, listener):
    say("one")
    say("two", event="query.done", query="scores", type="Observation", received=3)
    assert listener.texts == ["one", "two"]


def test_rows_a_second_are_those_of_all_queries_since_the_first(say, listener, clock):
    begin(say, "patients")
    clock.wait(10)
    page(say, received=100, query="patients")
    clock.wait(20)
    page(say, received=500)
    [fields] = listener.fields("query.page")
    assert fields["rows_per_second"] == 20  # 600 rows in 30 s


def test_the_time_left_follows_from_the_expected_count(say, listener, clock):
    begin(say)
    clock.wait(40)
    page(say, received=400, expected=1000)
    [fields] = listener.fields("query.page")
    assert fields["seconds_left"] == 60  # 600 rows at 10 a second
    assert listener.texts == ["pulling, 10 rows/s, 60 s left"]


def test_without_an_expected_count_no_time_left_is_told(say, listener, clock):
    begin(say)
    clock.wait(40)
    page(say, received=400)
    assert listener.texts == ["pulling, 10 rows/s"]
    assert "seconds_left" not in listener.fields("query.page")[0]


def test_a_query_in_parts_ends_with_its_patients_and_not_with_the_count_of_a_part(
    say, listener, clock
):
    say("", event="patients.found", procedures=9, patients=60)
    begin(say)
    clock.wait(10)
    page(say, received=50, expected=50)
    say("patients", event="patients.done", received=20, expected=60)
    clock.wait(5)
    begin(say)
    clock.wait(15)
    page(say, received=90, expected=100)
    # 20 of 60 patients took 10 s, so that all take 30: none are left.
    assert [one["seconds_left"] for one in listener.fields("query.page")] == [0]


def test_the_time_of_a_query_is_that_of_its_parts_alone(say, listener, clock):
    for _ in range(2):
        begin(say, "patients")
        clock.wait(1)
        page(say, received=1, query="patients")
        begin(say)
        clock.wait(3)
        page(say, received=1)
        say("", event="patients.done", received=1, expected=2)
        clock.wait(100)
    for query in ("patients", "scores"):
        say("", event="query.done", query=query, type="Observation")
    assert [one["seconds"] for one in listener.fields("query.done")] == [2, 6]


def test_before_anything_arrived_there_is_no_pace():
    pace = Pace()
    assert pace.read(5) == {}
    assert words(pace.read(5)) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (4.24, "4.2 s"), (42, "42 s"), (180, "3 min"), (7500, "2 h 5 min")],
)
def test_a_time_is_told_in_words(seconds, text):
    assert duration(seconds) == text
