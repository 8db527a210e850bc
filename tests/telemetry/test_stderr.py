"""Where the lines of a log go: sentences to a terminal, JSON elsewhere."""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from itertools import groupby

import pytest

from abate.cli import stderr
from abate.telemetry.log import logger

CODE = """
import sys
from abate.cli.stderr import handlers
from abate.telemetry.log import logger
with handlers(sys.argv[1], is_quiet=False) as shown:
    logger(*shown).info("pulled all", name="query.done", received=3)
"""


def said_to_a_terminal(chosen):
    """What a process writes whose stderr is a terminal."""
    ours, theirs = os.openpty()
    subprocess.run([sys.executable, "-c", CODE, chosen], stderr=theirs, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        return terminal.read(4096).decode()


def said_to_a_pipe(chosen):
    ran = subprocess.run([sys.executable, "-c", CODE, chosen], capture_output=True, check=True)
    return ran.stderr.decode()


def test_on_a_terminal_auto_is_sentences():
    assert said_to_a_terminal("auto") == "pulled all\r\n"


def test_elsewhere_auto_is_json():
    assert json.loads(said_to_a_pipe("auto"))["text"] == "pulled all"


def test_the_form_can_be_chosen_anywhere():
    assert said_to_a_pipe("text") == "pulled all\n"
    assert json.loads(said_to_a_terminal("json"))["event"] == "query.done"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_a_terminal(monkeypatch):
    """What is written to a terminal while something is logged."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")

    def written(act):
        terminal = Terminal()
        with monkeypatch.context() as patch, suppress(ZeroDivisionError):
            patch.setattr(sys, "stderr", terminal)
            with stderr.handlers("auto", is_quiet=False) as shown:
                act(logger(*shown))
        return terminal.getvalue()

    return written


def begin(log, text):
    log.info(text, name="query.begin", query="q", type="T")


def test_on_a_terminal_progress_is_written_over_and_then_gone(on_a_terminal):
    def act(log):
        begin(log, "asking: [bold]pain scores")
        log.info("pulling", name="query.page", query="q", type="T", received=1, expected=4)
        log.info("here", name="query.done")
        begin(log, "again")

    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", on_a_terminal(act))
    shown = [line.rstrip("━╸╺ ") for line in re.split(r"[\r\n]+", plain)]
    assert [line for line, _ in groupby(filter(None, shown))] == [
        "asking: [bold]pain scores", "pulling", "here", "again",
    ]  # fmt: skip


def test_the_cursor_is_back_when_an_error_is_told(on_a_terminal):
    def act(log):
        begin(log, "asking")
        raise ZeroDivisionError

    written = on_a_terminal(act)
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_a_line_is_no_wider_than_the_terminal(on_a_terminal):
    written = on_a_terminal(lambda log: begin(log, "x" * 200))
    assert max(map(len, re.findall("x+", written))) <= 60


@pytest.mark.parametrize("form", ["json", "text"])
def test_elsewhere_progress_comes_by_the_line_when_it_is_due(capsys, monkeypatch, form):
    monkeypatch.setattr(stderr, "EVERY_SECONDS", 0)
    with stderr.handlers(form, is_quiet=False) as shown:
        begin(logger(*shown), "asking")
    [line] = capsys.readouterr().err.splitlines()
    assert (json.loads(line)["text"] if form == "json" else line) == "asking"
    monkeypatch.setattr(stderr, "EVERY_SECONDS", 30)
    with stderr.handlers(form, is_quiet=False) as shown:
        begin(logger(*shown), "asking")
    assert capsys.readouterr().err == ""


def test_what_is_due_tells_how_quickly_it_goes(capsys, monkeypatch, clock):
    monkeypatch.setattr(stderr, "EVERY_SECONDS", 25)
    monkeypatch.setattr(stderr, "monotonic", clock)
    with stderr.handlers("json", is_quiet=False) as shown:
        log = logger(*shown)
        begin(log, "asking")
        for received in (100, 200, 300):
            clock.wait(10)
            log.info(
                "pulling", name="query.page", query="q", type="T", received=received, expected=500
            )
    [line] = map(json.loads, capsys.readouterr().err.splitlines())
    assert line["text"] == "pulling, 10 rows/s, 20 s left"
    assert (line["rows_per_second"], line["seconds_left"]) == (10, 20)


def test_quiet_says_nothing_in_any_form(capsys):
    with stderr.handlers("json", is_quiet=True) as shown:
        logger(*shown).warning("x", name="search.by_get")
    assert capsys.readouterr().err == ""
