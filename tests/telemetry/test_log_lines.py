"""A line of a log: the sentence, or the same as JSON."""

import json
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from abate.telemetry import log
from heard import listening


@pytest.fixture
def logged(lines):
    """A log whose lines are kept."""
    return log.logger(lines.append, run_id="r1", command="sync")


def test_a_line_of_json_has_time_level_event_run_command_text_and_fields_in_this_order(
    logged, lines
):
    logged.info("2 of 3", name="mapping.done", received=2, expected=3, last=True, left=None)
    line = json.loads(log.as_json(lines[0]))
    logged_at = datetime.fromisoformat(line.pop("timestamp"))
    assert logged_at.tzinfo == UTC
    assert abs(logged_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(line.items()) == [
        ("level", "info"),
        ("event", "mapping.done"),
        ("run_id", "r1"),
        ("command", "sync"),
        ("text", "2 of 3"),
        ("received", 2),
        ("expected", 3),
        ("last", True),
        ("left", None),
    ]


def test_for_people_a_line_is_its_sentence_alone(logged, lines):
    logged.info("pulled 2 of 3", name="query.done", received=2)
    assert log.sentence(lines[0]) == "pulled 2 of 3"


def test_what_has_no_sentence_is_for_programs_only(logged, lines):
    logged.info("", name="run.begin")
    logged.warning("", name="x")
    assert [log.sentence(line) for line in lines] == ["", ""]
    assert "text" not in json.loads(log.as_json(lines[0]))


def test_a_sentence_alone_is_a_note(logged, lines):
    logged.info("asking again")
    assert (lines[0]["event"], lines[0]["level"], lines[0]["text"]) == (
        "note", "info", "asking again",
    )  # fmt: skip


def test_a_warning_is_told_by_its_level_and_to_people_by_a_word(logged, lines):
    logged.warning("it is slow")
    line = json.loads(log.as_json(lines[0]))
    assert (line["level"], line["text"]) == ("warning", "it is slow")
    assert log.sentence(lines[0]) == "warning: it is slow"


def test_a_line_is_one_line_and_ascii(logged, lines):
    logged.info("two\nlines, Hüfte", name="run.end", message="a\nb")
    text = log.as_json(lines[0])
    assert "\n" not in text
    assert text.isascii()
    assert json.loads(text)["message"] == "a\nb"


def test_nothing_that_names_a_patient_comes_to_a_handler(lines):
    logged = log.logger(lines.append, named=lambda kind, _: f"{kind}~1")
    logged.info("Patient/4711 is odd", patient="4711", value=[1])
    assert lines[0]["text"] == "Patient~1 is odd"
    assert (lines[0]["patient"], lines[0]["value"]) == ("Patient~1", "[hidden]")


def test_the_seconds_of_a_query_are_those_of_its_parts_alone(lines, clock, monkeypatch):
    monkeypatch.setattr(log, "monotonic", clock)
    logged = log.logger(lines.append)

    def part(query, seconds):
        logged.info("asking", name="query.begin", query=query, type="T")
        clock.wait(seconds)
        logged.info("pulling", name="query.page", query=query, type="T", received=1)

    for _ in range(2):
        part("patients", 1)
        part("scores", 3)
        logged.info("", name="patients.done", received=1, expected=2)
        clock.wait(100)
    for query in ("patients", "scores"):
        logged.info("", name="query.done", query=query, type="T")
    assert [line["seconds"] for line in lines if "seconds" in line] == [2, 6]


def test_threads_log_one_line_at_a_time():
    under_way, seen = [], []

    def handle(line):
        under_way.append(line)
        seen.append(len(under_way))
        under_way.remove(line)

    logged = log.logger(handle)
    threads = [Thread(target=lambda: [logged.info("x") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 800


def test_who_listens_to_sentences_hears_none_of_what_comes_often():
    texts = []
    logged = listening(texts.append)
    logged.info("asking", name="query.begin", query="q")
    logged.info("pulling", name="query.page", query="q", received=1)
    logged.info("", name="run.begin")
    logged.info("pulled", name="query.done", received=1)
    assert texts == ["pulled"]


def test_a_silent_log_takes_any_line():
    log.SILENT.warning("x", name="y", z=1)
