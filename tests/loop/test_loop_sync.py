"""The nightly job: twice the same, one at a time, and a status for whoever looks."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from threading import Event

import pytest


def modes(loop):
    """The permissions of all that a run leaves behind, and of its folder."""
    paths = [loop.output, *loop.output.iterdir()]
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths}


def test_run_then_publish_and_a_second_sync_writes_nothing(loop):
    assert loop("run").exit_code == 0
    assert not loop.published()
    assert loop("publish", "--dry-run").exit_code == 0
    assert not loop.published()
    assert loop("publish").exit_code == 0
    versions = loop.versions()
    assert loop.published()
    again = loop("sync", "--json")
    assert again.exit_code == 0
    changes = json.loads(again.out)
    assert (changes["create"], changes["update"]) == (0, 0)
    assert changes["unchanged"] == len(loop.published())
    assert loop.versions() == versions


def test_what_was_sent_stays_in_the_output_folder_without_a_patient(loop, study_resources):
    assert loop("sync").exit_code == 0
    sent = json.loads((loop.output / "bundle.json").read_text("utf-8"))
    references = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in sent["entry"]}
    assert references == loop.published()
    text = json.dumps(sent)
    ids = {one["id"] for one in study_resources if one["resourceType"] != "Patient"}
    assert not [one for one in ids if one in text]
    assert '"Patient/' not in text


def test_the_pull_says_expected_and_received_for_each_query_unless_quiet(loop):
    said = loop("run").err.splitlines()
    assert [line for line in said if line.startswith("pulled")] == [
        "pulled index procedures: 13 of 13 Procedure, 1 page",
        "pulled procedures: 13 of 13 Procedure, 1 page",
        "pulled pain scores: 73 of 73 Observation, 1 page",
        "pulled conditions: 13 of 13 Condition, 1 page",
        "pulled patients: 12 of 12 Patient, 2 pages",
    ]
    assert loop("run", "--quiet").err == ""


def test_status_tells_how_it_went(loop):
    nothing = loop("status")
    assert nothing.exit_code == 1
    assert "nothing has run here yet" in nothing.err
    assert loop("sync").exit_code == 0
    shown = loop("status")
    assert "abate sync: done" in shown.out
    assert "pain scores: 73 of 73 Observation" in shown.out
    status = loop("status", "--json").json
    assert status["queries"][2] == {
        "query": "pain scores", "type": "Observation", "expected": 73, "received": 73,
        "left_out": 0, "pages": 1,
    }  # fmt: skip
    assert (status["state"], status["exit_code"], status["lesions_analysed"]) == ("done", 0, 11)
    assert status["changes"]["create"] == len(loop.published())


def test_a_status_that_cannot_be_read_is_told(loop):
    loop.output.mkdir()
    (loop.output / "status.json").write_text("{broken", "utf-8")
    ran = loop("status")
    assert ran.exit_code == 1
    assert "status.json cannot be read. To replace it" in ran.err


@pytest.fixture
def running_sync(loop):
    """`abate sync` in another process, that waits for its server's metadata; gives the process."""
    asked, go_on = Event(), Event()

    def front(request):
        if request.path == "/fhir/metadata" and not asked.is_set():
            asked.set()
            go_on.wait(10)

    loop.front.instead = front
    command = "from abate.cli import main; main()"
    arguments = ["sync", str(loop.study), "--set", f"source.url={loop.base}"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert asked.wait(60)
        yield process
        go_on.set()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"Canary" not in out + err


def test_a_second_one_at_the_same_time_is_told_who_holds_the_folder_and_since_when(
    loop, running_sync
):
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:")
    for command in ("run", "sync", "publish"):
        busy = loop(command)
        assert busy.exit_code == 75
        message = busy.err.splitlines()[-1]
        assert f"is in use by 'abate sync' (process {running_sync.pid}) since {since}" in message
        assert "Try again" in message
    shown = loop("status")
    assert shown.exit_code == 0
    assert "abate sync: running" in shown.out
    assert f"process {running_sync.pid}" in shown.out


def test_a_holder_that_has_not_said_what_it_does_is_not_given_an_older_name(loop):
    from filelock import FileLock

    assert loop("run", "--quiet").exit_code == 0
    with FileLock(loop.output / "lock"):
        busy = loop("run")
    assert busy.exit_code == 75
    assert "is in use by another abate" in busy.err
    assert "since" not in busy.err


def test_what_a_run_leaves_is_its_owners_alone(loop):
    before = os.umask(0)
    try:
        assert loop("sync").exit_code == 0
    finally:
        os.umask(before)
    assert modes(loop) == {
        "abate-output": "0o700",
        "bundle.json": "0o600",
        "lock": "0o600",
        "report.html": "0o600",
        "results.json": "0o600",
        "runs.jsonl": "0o600",
        "status.json": "0o600",
        "store.duckdb": "0o600",
        "units.json": "0o600",
        "tables": "0o700",
    }


def test_an_output_folder_that_cannot_be_made_is_told(loop):
    loop.output.write_text("a file", "utf-8")
    ran = loop("run")
    loop.output.unlink()
    loop.output.mkdir()
    assert ran.exit_code == 1
    assert f"{loop.output} cannot be the output folder: " in ran.err


def test_a_report_of_real_patients_is_not_published_where_anybody_may_read_it(loop):
    real = loop(
        "sync", "--set", "study.synthetic=false", "--set", "target.url=https://192.0.2.1/r4"
    )
    assert real.exit_code == 5
    assert "https://192.0.2.1/r4 is not on this machine" in real.err
    assert not loop.published()


def test_where_small_cells_are_hidden_no_small_count_is_published(loop):
    hidden = loop("sync", "--set", "report.minimum_cell=5", "--set", "report.members=false")
    assert hidden.exit_code == 0, hidden.err
    assert loop.published()
    assert small(loop) == []


def small(loop):
    """The counts from 1 to 4 in what stands on the server."""
    observations = [
        (element["code"]["text"], element["valueInteger"])
        for one in loop.all("Observation")
        if f"Observation/{one['id']}" not in loop.loaded
        for element in one.get("component", ())
        if "valueInteger" in element
    ]
    reports = [
        (population["code"]["coding"][0]["code"], population["count"])
        for one in loop.all("MeasureReport")
        for group in one["group"]
        for population in group["population"]
        if "count" in population
    ]
    groups = [("quantity", one["quantity"]) for one in loop.all("Group") if "quantity" in one]
    return [one for one in (*observations, *reports, *groups) if 1 <= one[1] <= 4]


def test_real_patients_on_this_machine_need_no_synthetic(loop):
    assert loop("sync", "--set", "study.synthetic=false").exit_code == 0
    assert loop.published()
