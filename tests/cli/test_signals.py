"""A signal ends a command at any moment: exit code 130, one sentence, and the lock is free."""

import json
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from abate import results, stopping
from abate.errors import AnalysisFailed

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MOMENTS = 21

# As a shell starts a command, also where the tests themselves ignore a signal.
HEEDING = """
import runpy, signal
for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, signal.default_int_handler if one is signal.SIGINT else signal.SIG_DFL)
runpy.run_module("abate", run_name="__main__", alter_sys=True)
"""
# What `abate run` is to a shell, in little address space.
IN_LITTLE_SPACE = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_AS, (700_000 * 1024, resource.RLIM_INFINITY))
runpy.run_module("abate", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def begin(serve, study_resources, study_file):
    """Start `abate run` in a process of its own; it has begun."""
    url = f"source.url={serve(study_resources)}"

    def start(code=HEEDING):
        process = subprocess.Popen(
            [sys.executable, "-c", code, "run", study_file, "--set", url, "--log", "json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return process, process.stderr.readline()

    return start


def test_a_signal_at_any_moment_of_a_run_ends_it_with_one_sentence(begin, study_file):
    process, first = begin()
    assert json.loads(first)["event"] == "run.begin"
    began = time.monotonic()
    process.communicate(timeout=120)
    seconds = time.monotonic() - began
    codes = []
    for number in range(MOMENTS):
        process, _ = begin()
        try:
            process.wait(seconds * number / MOMENTS)
        except subprocess.TimeoutExpired:
            process.send_signal(SIGNALS[number % 3])
        _, told = process.communicate(timeout=60)
        codes.append(process.returncode)
        sentences = [line for line in told.splitlines() if line and not line.startswith("{")]
        output = study_file.parent / "abate-output"
        status = json.loads((output / "status.json").read_text("utf-8"))
        assert status["exit_code"] == process.returncode
        if process.returncode == 130:
            assert sentences == ["abate: stopped."]
            assert status["message"] == "stopped from outside"
        with FileLock(output / "lock", timeout=0):
            pass
    assert set(codes) <= {0, 130}
    assert codes.count(130) > MOMENTS / 2


def test_in_too_little_address_space_nothing_begins(begin, study_file):
    """OpenBLAS would try for ever to get its buffers, and heed no signal meanwhile."""
    process, first = begin(IN_LITTLE_SPACE)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is limited to 717 MB (ulimit -v, or LimitAS of systemd)" in first
    assert rest == ""
    assert not (study_file.parent / "abate-output" / "lock").exists()


@pytest.mark.parametrize("error", [RuntimeError("x"), AnalysisFailed("x"), MemoryError()])
def test_whatever_error_a_signal_became_the_command_was_stopped(
    abate, study_file, monkeypatch, error
):
    def load(_):
        stopping._came.append(signal.SIGTERM)
        raise error

    monkeypatch.setattr(results, "load", load)
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.err.splitlines()[-1]) == (130, "abate: stopped.")
    status = abate("status", study_file, "--json").json
    assert (status["exit_code"], status["message"]) == (130, "stopped from outside")


def test_without_memory_a_command_says_so(abate, study_file, monkeypatch):
    def load(_):
        raise MemoryError

    monkeypatch.setattr(results, "load", load)
    ran = abate("publish", study_file)
    assert (ran.exit_code, ran.err.splitlines()[-1]) == (
        1, "abate: there is not enough memory. Give this machine or this process more.",
    )  # fmt: skip
