"""What the status file tells while a command is still at work."""

import json

import pytest

from abate.telemetry import progress as module
from abate.telemetry.progress import Progress


@pytest.fixture
def progress(tmp_path, clock):
    return Progress(tmp_path, "run", clock=clock)


@pytest.fixture
def log(progress):
    return progress.log


@pytest.fixture
def kept(tmp_path):
    return lambda: json.loads((tmp_path / "status.json").read_text("utf-8"))


def page(log, received, pages):
    log.info("pulling", name="query.page", query="scores", type="Observation", expected=90,
        received=received, pages=pages)  # fmt: skip


def test_the_stage_and_the_query_are_told_with_their_times(log, kept):
    log.info("", name="stage.begin", stage="pull")
    log.info("asking", name="query.begin", query="scores", type="Observation")
    status = kept()
    assert (status["stage"], status["state"]) == ("pull", "running")
    assert (status["asking"]["query"], status["asking"]["type"]) == ("scores", "Observation")
    assert status["started_at"] <= status["since"] <= status["asking"]["since"]


def test_pages_are_written_down_once_a_second(log, kept, clock):
    page(log, received=10, pages=1)
    assert kept()["queries"] == []
    clock.wait(module.WRITE_SECONDS)
    page(log, received=20, pages=2)
    page(log, received=30, pages=3)
    assert kept()["queries"] == [
        {"query": "scores", "type": "Observation", "expected": 90, "received": 20, "pages": 2}
    ]


def test_the_next_query_writes_down_all_pages_of_the_one_before(log, kept):
    page(log, received=30, pages=3)
    log.info("asking", name="query.begin", query="conditions", type="Condition")
    assert kept()["queries"][0]["received"] == 30


def test_a_warning_is_kept_without_what_names_a_patient(log, kept, progress):
    log.warning("Patient/4711 is odd", name="x")
    shown = f"warning: {progress.pseudonym('Patient', '4711')} is odd"
    assert kept()["warnings"] == [shown]


def test_handlers_get_each_line_with_the_run_and_the_command(tmp_path, lines):
    progress = Progress(tmp_path, "sync", lines.append)
    progress.log.warning("x", name="search.by_get", status=405)
    [line] = lines
    assert (line["run_id"], line["command"], line["level"]) == (progress.run_id, "sync", "warning")
    assert (line["event"], line["status"]) == ("search.by_get", 405)


def test_at_the_end_no_stage_is_left(log, progress, kept):
    log.info("", name="stage.begin", stage="pull")
    log.info("asking", name="query.begin", query="scores", type="Observation")
    progress.end(3, "a hole")
    status = kept()
    assert (status["stage"], status["since"], status["asking"]) == ("", None, None)
    assert (status["exit_code"], status["message"], status["state"]) == (3, "a hole", "failed")
    assert status["seconds"] >= 0


def test_requests_are_those_that_the_source_has_counted(log, progress):
    assert progress.run.requests is None
    log.info("", name="pull.done", requests=7)
    assert progress.run.requests == 7
