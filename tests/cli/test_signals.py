"""A signal ends a command at any moment: exit code 130, one sentence, and the lock is free."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from filelock import FileLock

from abate.analysis import results
from abate.errors import AnalysisFailed
from abate.telemetry import signals
from abate.telemetry.progress import Progress
from warm import forking

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MOMENTS = 9

# What `abate run` is to a shell, in little address space.
IN_LITTLE_SPACE = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_AS, (700_000 * 1024, resource.RLIM_INFINITY))
runpy.run_module("abate", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def run(serve, study_resources, study_file):
    """The arguments of `abate run` on the published study."""
    return ["run", study_file, "--set", f"source.url={serve(study_resources)}", "--log", "json"]


@pytest.fixture
def begin(run):
    """Start `abate run` in a process of its own; it has begun, and what it says goes on."""
    with forking() as fork, ExitStack() as pipes:

        def start():
            reader, writer = os.pipe()
            told = pipes.enter_context(os.fdopen(reader, encoding="utf-8"))
            process = fork(*run, stderr=writer)
            os.close(writer)
            return process, told.readline(), told

        yield start


def test_a_signal_at_any_moment_of_a_run_ends_it_with_one_sentence(begin, study_file):
    process, first, told = begin()
    assert json.loads(first)["event"] == "run.begin"
    began = time.monotonic()
    told.read()
    process.wait()
    seconds = time.monotonic() - began
    codes = []
    for number in range(MOMENTS):
        process, _, told = begin()
        try:
            process.wait(seconds * number / MOMENTS)
        except subprocess.TimeoutExpired:
            process.send_signal(SIGNALS[number % 3])
        sentences = [line for line in told.read().splitlines() if line and line[0] != "{"]
        codes.append(process.wait())
        output = study_file.parent / "abate-output"
        status = json.loads((output / "status.json").read_text("utf-8"))
        assert status["exit_code"] == process.returncode
        if process.returncode == 130:
            assert sentences == ["abate: stopped."]
            assert status["message"] == "stopped by a signal"
        with FileLock(output / "lock", timeout=0):
            pass
    assert set(codes) <= {0, 130}
    assert codes.count(130) > MOMENTS / 2


def test_in_too_little_address_space_nothing_begins(run, study_file):
    """OpenBLAS would try for ever to get its buffers, and heed no signal meanwhile."""
    ran = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_SPACE, *run],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    [told] = ran.stderr.splitlines()
    assert "is limited to 717 MB (ulimit -v, or LimitAS of systemd)" in told
    assert not (study_file.parent / "abate-output" / "lock").exists()


@pytest.mark.parametrize("error", [RuntimeError("x"), AnalysisFailed("x"), MemoryError()])
def test_whatever_error_a_signal_became_the_command_was_stopped(
    abate, study_file, monkeypatch, error
):
    def load(*_):
        signals._came.append(signal.SIGTERM)
        raise error

    monkeypatch.setattr(results, "load", load)
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.err.splitlines()[-1]) == (130, "abate: stopped.")
    status = abate("status", study_file, "--json").json
    assert (status["exit_code"], status["message"]) == (130, "stopped by a signal")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_after_the_end_is_known_changes_nothing(
    abate, run, study_file, monkeypatch, number
):
    """The exit code is the one that `status.json` has, whenever the signal comes."""
    end = Progress.end

    def ended(progress, *given):
        signal.raise_signal(number)
        end(progress, *given)
        signal.raise_signal(number)

    monkeypatch.setattr(Progress, "end", ended)
    assert abate(*run).exit_code == 0
    assert abate("status", study_file, "--json").json["exit_code"] == 0
    refused = abate("publish", study_file)  # The run had another source, by --set.
    assert refused.exit_code == 5
    assert abate("status", study_file, "--json").json["exit_code"] == 5


def test_without_memory_a_command_says_so(abate, study_file, monkeypatch):
    def load(*_):
        raise MemoryError

    monkeypatch.setattr(results, "load", load)
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.err.splitlines()[-1]) == (
        1, "abate: out of memory. Give this machine or this process more memory.",
    )  # fmt: skip
