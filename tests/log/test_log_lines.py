"""A line of a log: the sentence, or the same as JSON."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from abate import log
from abate.pseudonyms import naming
from abate.say import level_of, sentences


@pytest.fixture
def written():
    return []


@pytest.fixture
def in_json(written):
    return log.lines("json", written.append, naming(None), run_id="r1", command="sync")


@pytest.fixture
def in_text(written):
    return log.lines("text", written.append, naming(None), run_id="r1", command="sync")


def test_a_line_of_json_has_time_level_event_run_command_text_and_fields_in_this_order(
    in_json, written
):
    in_json("pulled 2 of 3", event="query.done", received=2, expected=3, last=True, left=None)
    [line] = map(json.loads, written)
    said_at = datetime.fromisoformat(line.pop("timestamp"))
    assert said_at.tzinfo == UTC
    assert abs(said_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(line.items()) == [
        ("level", "info"),
        ("event", "query.done"),
        ("run_id", "r1"),
        ("command", "sync"),
        ("text", "pulled 2 of 3"),
        ("received", 2),
        ("expected", 3),
        ("last", True),
        ("left", None),
    ]


def test_as_text_an_event_is_its_sentence_alone(in_text, written):
    in_text("pulled 2 of 3", event="query.done", received=2)
    assert written == ["pulled 2 of 3"]


def test_what_has_no_sentence_is_for_programs_only(in_text, in_json, written):
    in_text("", event="run.begin")
    assert written == []
    in_json("", event="run.begin")
    assert "text" not in json.loads(written[0])


def test_a_sentence_alone_is_a_note(in_json, written):
    in_json("asking again")
    line = json.loads(written[0])
    assert (line["event"], line["level"], line["text"]) == ("note", "info", "asking again")


def test_a_warning_keeps_its_word_and_has_its_level(in_json, in_text, written):
    in_json("warning: it is slow")
    in_text("warning: it is slow")
    line = json.loads(written[0])
    assert (line["level"], line["text"], written[1]) == (
        "warning",
        "warning: it is slow",
        "warning: it is slow",
    )


def test_a_level_that_is_given_counts_more_than_the_word():
    assert level_of("warning: x") == "warning"
    assert level_of("warning: x", "error") == "error"
    assert level_of("all is well") == "info"


def test_a_line_is_one_line_and_ascii(in_json, written):
    in_json("two\nlines, Hüfte", event="run.end", message="a\nb")
    assert "\n" not in written[0]
    assert written[0].isascii()
    assert json.loads(written[0])["message"] == "a\nb"


def test_who_listens_to_sentences_hears_none_of_what_comes_often(written):
    say = sentences(written.append)
    say("asking", event="query.begin", query="q")
    say("pulling", event="query.page", query="q", received=1)
    say("", event="run.begin")
    say("pulled", event="query.done", received=1)
    assert written == ["pulled"]
