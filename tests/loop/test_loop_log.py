"""The log of a whole run: what each line holds, in which form."""

import json

import pytest
from werkzeug import Response

from abate.cli import stderr

COMMON = ["timestamp", "level", "event", "run_id", "command"]


def logged(ran):
    """The lines of JSON of a call, each with what all must have."""
    lines = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    for line in lines:
        assert list(line)[:5] == COMMON
        assert line["timestamp"].endswith("Z")
    return lines


def of(lines, event):
    return [line for line in lines if line["event"] == event]


def test_elsewhere_than_on_a_terminal_a_sync_speaks_in_json(loop, monkeypatch):
    monkeypatch.delenv("ABATE_LOG")
    ran = loop("sync")
    lines = logged(ran)
    assert len(lines) == len(ran.err.splitlines())
    assert {line["command"] for line in lines} == {"sync"}
    assert len({line["run_id"] for line in lines}) == 1
    assert [line["event"] for line in lines if line["event"].startswith("run.")] == [
        "run.begin",
        "run.end",
    ]
    [scores] = [line for line in of(lines, "query.done") if line["query"] == "pain scores"]
    assert scores["seconds"] > 0
    assert scores | {"seconds": 0} == {
        **{name: scores[name] for name in COMMON},
        "text": "pulled pain scores: 73 of 73 Observation, 1 page",
        "query": "pain scores",
        "type": "Observation",
        "expected": 73,
        "received": 73,
        "pages": 1,
        "left_out": 0,
        "seconds": 0,
    }


def test_the_option_counts_more_than_the_environment(loop, monkeypatch):
    monkeypatch.setenv("ABATE_LOG", "json")
    assert not loop("run", "--log", "text").err.startswith("{")
    assert loop("run").err.startswith("{")


def test_another_form_is_used_wrongly(loop, monkeypatch):
    assert loop("run", "--log", "xml").exit_code == 2
    monkeypatch.setenv("ABATE_LOG", "xml")
    assert loop("run").exit_code == 2


def test_the_stages_and_what_became_of_the_resources_are_told(loop):
    lines = logged(loop("sync", "--log", "json"))
    stages = [line["stage"] for line in of(lines, "stage.begin")]
    assert stages == ["pull", "map", "assemble", "analyse", "publish"]
    mapped = {
        line["type"]: (line["received"], line["mapped"]) for line in of(lines, "mapping.done")
    }
    assert mapped["Observation"] == (73, 73)
    [cohort] = of(lines, "cohort.done")
    assert (cohort["lesions"], cohort["patients"]) == (11, 10)
    assert [line["state"] for line in of(lines, "analysis.done")] == ["done"] * 4
    [published] = of(lines, "publish.done")
    assert published["create"] == len(loop.published())


def test_the_last_line_of_a_run_that_went_well_is_its_summary(loop):
    last = loop("sync").err.splitlines()[-1]
    created = len(loop.published())
    assert last.startswith("sync done in ")
    assert (
        f"; 124 resources, 0 rejected; 11 lesions, 4 analyses; create {created}, update 0, "
        "retract 0, unchanged 0 (run "
    ) in last


def test_a_failure_is_an_error_in_the_log_and_a_sentence_at_its_end(loop):
    loop.base = "http://127.0.0.1:9/fhir"
    ran = loop("sync", "--log", "json")
    loop.base = loop.home
    *lines, last = ran.err.splitlines()
    ended = json.loads(lines[-1])
    assert (ended["event"], ended["level"], ended["exit_code"]) == ("run.end", "error", 1)
    assert last == f"abate: {ended['message']}"


def test_a_warning_has_its_level_and_stands_in_the_status_and_among_the_runs(loop):
    def front(request):
        return Response("no", 405) if request.path.endswith("/_search") else None

    loop.front.instead = front
    lines = logged(loop("run", "--log", "json"))
    [warned] = [line for line in lines if line["level"] == "warning"]
    assert (warned["event"], warned["status"]) == ("search.by_get", 405)
    assert of(lines, "run.end")[0]["warnings"] == 1
    status, [run] = loop("status", "--json").json, loop("status", "--runs", "--json").json["runs"]
    assert status["warnings"] == run["warnings"] == [f"warning: {warned['text']}"]
    assert warned["text"] in loop("status").out


def test_progress_is_told_with_its_pace(loop, monkeypatch):
    monkeypatch.setattr(stderr, "EVERY_SECONDS", 0)
    lines = logged(loop("run", "--log", "json", "--set", "source.page_size=40"))
    pages = [line for line in of(lines, "query.page") if line["query"] == "pain scores"]
    assert [(page["received"], page["pages"]) for page in pages] == [(40, 1), (73, 2)]
    assert all(page["rows_per_second"] > 0 for page in pages)


def test_a_short_run_tells_no_progress(loop):
    lines = logged(loop("run", "--log", "json"))
    assert not [line for line in lines if line["event"] in ("query.begin", "query.page")]


@pytest.mark.parametrize("form", ["text", "json"])
def test_quiet_leaves_the_log_out_and_no_error(loop, form):
    assert loop("run", "--quiet", "--log", form).err == ""
    loop.base = "http://127.0.0.1:9/fhir"
    ran = loop("run", "--quiet", "--log", form)
    loop.base = loop.home
    [line] = ran.err.splitlines()
    assert line.startswith("abate: ")


def test_publish_and_retract_speak_json_too(loop):
    assert loop("run", "--quiet").exit_code == 0
    target = loop.base
    for command in ("publish", "retract"):
        lines = logged(loop(command, "--log", "json"))
        assert of(lines, "target.begin")[0]["target"] == target
        assert of(lines, "run.end")[0]["exit_code"] == 0
