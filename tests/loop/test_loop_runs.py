"""What the files about the runs tell: while one is going, after it, and after a crash."""

import json
import os
import signal
import stat
import subprocess
import sys
from threading import Event

import pytest

from abate.telemetry import history, progress, status


def kept(loop):
    lines = (loop.output / "runs.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_run_leaves_a_line_with_what_is_known_of_it(loop):
    assert loop("sync").exit_code == 0
    [run] = kept(loop)
    assert (run["command"], run["exit_code"], run["message"]) == ("sync", 0, "")
    assert run["seconds"] > 0
    assert run["queries"][2] == {
        "query": "pain scores", "type": "Observation", "expected": 73, "received": 73, "pages": 1,
        "left_out": 0,
    }  # fmt: skip
    observations = {"type": "Observation", "received": 73, "mapped": 73, "ignored": 0}
    assert run["resources"][-1] == observations | {"rejected": 0}
    assert (run["lesions_analysed"], len(run["analyses"])) == (11, 4)
    assert run["changes"]["create"] == len(loop.published())
    assert stat.S_IMODE((loop.output / "runs.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["run", "publish", "sync", "retract", "reconcile"])
def test_json_on_stdout_holds_the_summary_of_the_run(loop, command):
    loop("sync", "--quiet")
    shown = loop(command, "--json").json["run"]
    assert shown == kept(loop)[-1]
    assert (shown["command"], shown["exit_code"]) == (command, 0)


def test_a_run_that_failed_is_kept_with_its_reason(loop):
    loop.base = "http://127.0.0.1:9/fhir"
    ran = loop("run")
    loop.base = loop.home
    [run] = kept(loop)
    assert run["exit_code"] == 1
    assert ran.err.splitlines()[-1] == f"abate: {run['message']}"


def test_status_shows_the_last_runs_in_a_table(loop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    loop.has_run()
    loop("sync", "--quiet")
    loop("publish", "--quiet", "--set", "report.minimum_cell=7")
    created = len(loop.published())
    _, _, *rows = loop("status", "--runs").out.splitlines()
    first, second, third = (row.split()[2:] for row in rows[:3])
    assert (first[0], first[2:]) == ("run", ["done", "11"])
    assert (second[0], second[2:]) == ("sync", ["done", "11", "create", str(created)])
    assert (third[0], third[2:]) == ("publish", ["failed", "(5)"])
    assert len(loop("status", "--runs", "2", "--json").json["runs"]) == 2


def test_a_torn_line_is_told_and_no_crash(loop):
    loop.has_run()
    with (loop.output / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"run_id": "torn')
    shown = loop("status", "--runs")
    assert shown.exit_code == 0
    note = "line 2 of runs.jsonl cannot be read and is ignored"
    assert shown.out.splitlines()[-1] == f"note: {note}"
    assert loop("status", "--runs", "--json").json["notes"] == [note]


def test_before_anything_ran_there_are_no_runs_to_show(loop):
    ran = loop("status", "--runs")
    assert (ran.exit_code, ran.out) == (1, "")
    assert "nothing has run here yet" in ran.err


def test_while_a_pull_is_going_the_status_tells_how_far_it_is(loop, monkeypatch):
    monkeypatch.setattr(progress, "WRITE_SECONDS", 0)
    seen = []

    def front(request):
        if request.path == "/fhir/Observation" and "_page" in request.args:
            seen.append(status.read(loop.output))

    loop.front.instead = front
    assert loop("run", "--set", "source.page_size=40").exit_code == 0
    [going] = seen
    assert (going.state, going.stage, going.asking.query) == ("running", "pull", "pain scores")
    assert going.started_at <= going.since <= going.asking.since
    assert going.queries[-1] == {
        "query": "pain scores", "type": "Observation", "expected": 73, "received": 40, "pages": 1,
    }  # fmt: skip


@pytest.fixture
def pulling(loop):
    """`abate run` in another process, that waits for the pain scores; gives the process."""
    asked, go_on = Event(), Event()

    def front(request):
        if "_total" in request.args and "Observation" in request.path and not asked.is_set():
            asked.set()
            go_on.wait(10)

    loop.front.instead = front
    arguments = ["run", str(loop.study), "--set", f"source.url={loop.base}", "--quiet"]
    with subprocess.Popen([sys.executable, "-m", "abate", *arguments]) as process:
        assert asked.wait(60)
        process.go_on = go_on
        yield process
        go_on.set()
        process.wait(60)


def test_status_answers_while_a_run_is_going_and_reads_no_store(loop, pulling):
    (loop.output / "store.duckdb").write_bytes(b"no store at all")
    shown = loop("status").out
    (loop.output / "store.duckdb").unlink()
    assert shown.startswith("abate run: running\n")
    assert f"process {pulling.pid}" in shown
    assert "\nstage    pull, since " in shown
    assert "\nquery    pain scores (Observation), since " in shown
    assert "\npulled   index procedures: 13 of 13 Procedure\n" in shown
    assert "\npulled   procedures: 13 of 13 Procedure\n" in shown
    assert loop("status", "--json").json["asking"]["query"] == "pain scores"
    [row] = loop("status", "--runs").out.splitlines()[2:]
    assert row.split()[2:] == ["run", "running"]


def test_a_run_that_was_killed_stands_among_the_runs_before_and_after_the_next(loop, pulling):
    pulling.send_signal(signal.SIGKILL)
    pulling.wait(10)
    pulling.go_on.set()
    [died] = loop("status", "--runs", "--json").json["runs"]
    assert died["exit_code"] is None
    assert died["message"] == f"process {pulling.pid} ended unexpectedly"
    loop.front.instead = None
    assert loop("run", "--quiet").exit_code == 0
    assert [one["exit_code"] for one in kept(loop)] == [None, 0]
    assert kept(loop)[0]["run_id"] == died["run_id"]
    assert " died" in loop("status", "--runs").out.splitlines()[2]


def test_a_line_that_cannot_be_kept_fails_the_command_and_says_so(loop, monkeypatch):
    monkeypatch.setattr(history, "FILE", "there/is/no/folder.jsonl")
    ran = loop("run", "--quiet")
    assert ran.exit_code == 1
    assert "folder.jsonl cannot be written" in ran.err


def test_status_loads_nothing_heavy(loop):
    loop.has_run()
    code = (
        "import sys\nfrom abate.cli import main\n"
        f"sys.argv = ['abate', 'status', {str(loop.study)!r}, '--runs']\nmain()\n"
        "print('LOADED', *[one for one in ('duckdb', 'polars', 'requests', 'scipy', 'structlog') "
        "if one in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=os.environ
    )
    assert ran.stdout.splitlines()[-1] == "LOADED"
