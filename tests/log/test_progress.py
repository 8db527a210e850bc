"""What the status file tells while a command is still at work."""

import json

import pytest

from abate import progress as module
from abate.progress import Progress


@pytest.fixture
def progress(tmp_path, clock):
    return Progress(tmp_path, "run", clock)


@pytest.fixture
def say(progress, listener):
    return progress.hearing(listener)


@pytest.fixture
def kept(tmp_path):
    return lambda: json.loads((tmp_path / "status.json").read_text("utf-8"))


def page(say, received, pages):
    say("pulling", event="query.page", query="scores", type="Observation", expected=90,
        received=received, pages=pages)  # fmt: skip


def test_the_stage_and_the_query_are_told_with_their_times(say, kept):
    say("", event="stage.begin", stage="pull")
    say("asking", event="query.begin", query="scores", type="Observation")
    status = kept()
    assert (status["stage"], status["state"]) == ("pull", "running")
    assert (status["asking"]["query"], status["asking"]["type"]) == ("scores", "Observation")
    assert status["started_at"] <= status["since"] <= status["asking"]["since"]


def test_pages_are_written_down_once_a_second(say, kept, clock):
    page(say, received=10, pages=1)
    assert kept()["queries"] == []
    clock.wait(module.WRITE_SECONDS)
    page(say, received=20, pages=2)
    page(say, received=30, pages=3)
    assert kept()["queries"] == [
        {"query": "scores", "type": "Observation", "expected": 90, "received": 20, "pages": 2}
    ]


def test_the_next_query_writes_down_all_pages_of_the_one_before(say, kept):
    page(say, received=30, pages=3)
    say("asking", event="query.begin", query="conditions", type="Condition")
    assert kept()["queries"][0]["received"] == 30


def test_a_warning_is_kept_without_what_names_a_patient(say, kept, progress):
    say("warning: Patient/4711 is odd", event="x")
    shown = f"warning: {progress.pseudonym('Patient', '4711')} is odd"
    assert kept()["warnings"] == [shown]


def test_what_is_heard_is_said_on_as_it_was(say, listener):
    say("warning: x", event="search.by_get", level=None, status=405)
    assert listener.heard == [("warning: x", "search.by_get", None, {"status": 405})]


def test_at_the_end_no_stage_is_left(say, progress, kept):
    say("", event="stage.begin", stage="pull")
    say("asking", event="query.begin", query="scores", type="Observation")
    progress.end(3, "a hole")
    status = kept()
    assert (status["stage"], status["since"], status["asking"]) == ("", None, None)
    assert (status["exit_code"], status["message"], status["state"]) == (3, "a hole", "failed")
    assert status["seconds"] >= 0


def test_requests_are_those_that_the_source_has_counted(say, progress):
    assert progress.run.requests is None
    say("", event="pull.done", requests=7)
    assert progress.run.requests == 7
