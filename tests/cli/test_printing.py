"""What the commands print, for people and for programs."""

import json
import re
import shlex

import pytest


@pytest.fixture
def server(serve, study_resources):
    return serve(study_resources)


def test_run_prints_the_attrition_each_analysis_and_the_next_step_on_lines_that_fit(
    abate, study_file, server, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    ran = abate("run", study_file, "--set", f"source.url={server}", "--verbose")
    assert ran.exit_code == 0
    assert "excluded          lesion: minimum-after 1, no-score 1; patient 2\n" in ran.out
    assert re.findall(r"^(\S+) \(\S+, \S+ \S+\)$", ran.out, re.MULTILINE) == [
        "profile",
        "pain-course",
        "first-week",
        "observed-week-1",
    ]
    # 8 falls and 1 rise of 9: P = 2 (1 + 9) / 2^9.
    assert re.search(r"^sign-test +0\.8889 .* 0\.03906 +9 ", ran.out, re.MULTILINE)
    *lines, kept, page, following = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert kept == (
        f"Results: {study_file.parent}/abate-output/results.json (small cells: not for release)."
    )
    assert page == f"Report: {study_file.parent}/abate-output/report.html"
    written = shlex.split(following.partition("write: ")[2])
    assert written[:3] == ["abate", "publish", "--dry-run"]
    again = abate(*written[1:])
    assert again.exit_code == 0
    assert "dry run, nothing written" in again.out


def test_json_is_alone_on_stdout_and_progress_on_stderr(abate, study_file, server):
    ran = abate("run", study_file, "--set", f"source.url={server}", "--json")
    assert ran.exit_code == 0
    assert ran.json["lesions"] == 11
    assert "pain scores" in ran.err


def test_publish_and_sync_and_status_speak_json(abate, study_file, server):
    chosen = (study_file, "--set", f"source.url={server}")
    first = abate("sync", *chosen, "--json").json
    assert first["create"] == len(first["changes"]) > 0
    assert (first["dry_run"], first["update"], first["unchanged"]) == (False, 0, 0)
    second = abate("publish", *chosen, "--json", "--dry-run").json
    assert (second["dry_run"], second["create"]) == (True, 0)
    assert second["unchanged"] == first["create"]
    status = abate("status", *chosen, "--json").json
    assert (status["command"], status["state"]) == ("publish", "done")


def test_sync_prints_one_line_if_nothing_changed(abate, study_file, server):
    chosen = (study_file, "--set", f"source.url={server}", "--quiet")
    first, second = abate("sync", *chosen), abate("sync", *chosen)
    assert (first.exit_code, first.err, second.err) == (0, "", "")
    analysed = "cementoplasty-2010: analysed 11 lesions; "
    assert re.fullmatch(rf"{analysed}create \d+, update 0, retract 0, unchanged 0\n", first.out)
    assert second.out == f"{analysed}nothing changed\n"


def test_a_dry_run_names_what_it_would_create_and_publish_the_second_time_nothing(
    abate, study_file, server
):
    chosen = (study_file, "--set", f"source.url={server}", "--quiet")
    abate("run", *chosen)
    dry = abate("publish", *chosen, "--dry-run").out.splitlines()
    assert re.search(r"^create  .*DiagnosticReport 1, Group 1", dry[0])
    whole = abate("publish", *chosen, "--dry-run", "--verbose").out.splitlines()
    assert any(line.startswith("create  DiagnosticReport/") for line in whole)
    assert dry[-1].endswith("; dry run, nothing written")
    abate("publish", *chosen)
    [line] = abate("publish", *chosen).out.splitlines()
    assert line.startswith("create 0, update 0, retract 0, unchanged ")
    assert line.endswith("; nothing written")


def test_a_reader_that_has_gone_stops_no_work_and_no_word_is_said(start, study_file, server):
    process = start("sync", study_file, "--set", f"source.url={server}", "--json", "--quiet")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    status = json.loads((study_file.parent / "abate-output" / "status.json").read_text("utf-8"))
    assert (status["state"], status["exit_code"]) == ("done", 0)
    assert status["changes"]["create"] > 0


def test_plugins_lists_ours_with_their_analyses(abate):
    shown = abate("plugins")
    assert re.search(r"^abate_analyses +abate \S+ +loaded +durability, ", shown.out, re.MULTILINE)
    listed = {one["name"]: one for one in abate("plugins", "--json").json["plugins"]}
    assert listed["abate_analyses"]["state"] == "loaded"
    assert "paired-change" in listed["abate_analyses"]["analyses"]
