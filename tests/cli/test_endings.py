"""How a command ends when something goes wrong, or when it is told to."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from abate import errors, study
from abate.telemetry.signals import end_by_signals

CANARY = "Zwitscher-Canary"
KINDS = [
    errors.AbateError,
    errors.AnalysisFailed,
    errors.Busy,
    errors.IncompletePull,
    errors.NothingFound,
    errors.PluginError,
    errors.PublishRefused,
    errors.SourceError,
    errors.StoreError,
    errors.StudyFileError,
]


def raising(monkeypatch, error):
    def run(*_, **__):
        raise error from KeyError(CANARY)

    monkeypatch.setattr(study, "run", run)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_abate_is_its_sentence_and_its_exit_code(abate, study_file, monkeypatch, kind):
    raising(monkeypatch, kind("this went wrong: do that"))
    ran = abate("run", study_file, "--json")
    assert (ran.exit_code, ran.out) == (kind.exit_code, "")
    assert ran.err == "abate: this went wrong: do that\n"


def test_of_any_other_error_only_the_kind_and_the_place_are_told(abate, study_file, monkeypatch):
    raising(monkeypatch, ValueError(CANARY))
    ran = abate("run", study_file)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "ValueError in test_endings.py, line " in ran.err
    assert CANARY not in ran.err
    assert "Traceback" not in ran.err
    assert CANARY not in (study_file.parent / "abate-output" / "status.json").read_text("utf-8")


def test_a_stop_from_the_keyboard_ends_with_130(abate, study_file, monkeypatch):
    raising(monkeypatch, KeyboardInterrupt())
    ran = abate("run", study_file)
    assert (ran.exit_code, ran.out) == (130, "")
    assert ran.err.split() == ["abate:", "stopped."]


@pytest.fixture
def heeded():
    """SIGHUP ends the processes that we start, also where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def waiting(start, study_file, heeded):
    """A run that waits for the answer of a server that says nothing; gives its process."""
    del heeded
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/fhir"
        process = start("run", study_file, "--set", f"source.url={url}", "--quiet")
        asked, _ = silent.accept()
        with asked:
            yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_waits_for_a_server_can_be_ended(abate, waiting, study_file, number):
    waiting.send_signal(number)
    out, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, out, err.split()) == (130, "", ["abate:", "stopped."])
    status = abate("status", study_file, "--json").json
    assert (status["state"], status["exit_code"]) == ("failed", 130)
    assert status["message"] == "stopped from outside"


def test_a_run_that_was_killed_has_died(abate, waiting, study_file):
    assert abate("status", study_file, "--json").json["state"] == "running"
    waiting.kill()
    waiting.communicate(timeout=10)
    shown = abate("status", study_file)
    assert shown.exit_code == 0
    assert shown.out.startswith("abate run: died\n")
    assert f"process {waiting.pid} ended without a word" in shown.out
    assert abate("status", study_file, "--json").json["state"] == "died"


def test_a_signal_that_is_ignored_stays_so_as_under_nohup(heeded):
    del heeded
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with end_by_signals():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_result_that_does_not_fit_on_stdout_leaves_the_work_done(
    serve, study_resources, study_file
):
    url = f"source.url={serve(study_resources)}"
    command = [sys.executable, "-m", "abate", "sync", study_file, "--set", url, "--quiet"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_before_anything_ran_status_says_what_to_begin_with(abate, study_file):
    ran = abate("status", study_file)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "nothing has run here yet. Begin with: abate run" in ran.err


def test_before_anything_ran_publish_says_what_to_begin_with(abate, study_file):
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "abate run" in ran.err
