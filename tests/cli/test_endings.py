"""How a command ends when something goes wrong, or when it is told to."""

import json
import signal
import socket

import pytest

from abate import errors, study

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
    def run(*_):
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


def test_a_run_that_waits_for_a_server_can_be_ended(start, study_file):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/fhir"
        process = start("run", study_file, "--set", f"source.url={url}", "--quiet")
        asked, _ = silent.accept()
        with asked:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.split()) == (130, "", ["abate:", "stopped."])
    status = json.loads((study_file.parent / "abate-output" / "status.json").read_text("utf-8"))
    assert status["state"] == "failed"


def test_before_anything_ran_status_says_what_to_begin_with(abate, study_file):
    ran = abate("status", study_file)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "nothing has run here yet. Begin with: abate run" in ran.err


def test_before_anything_ran_publish_says_what_to_begin_with(abate, study_file):
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "abate run" in ran.err
