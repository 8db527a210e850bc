"""Where a command speaks how: sentences on a terminal, JSON elsewhere."""

import io
import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from abate import pace
from abate.cli import voice
from abate.pseudonyms import naming

CODE = """
import sys
from abate.cli.voice import voice
from abate.pseudonyms import naming
with voice(sys.argv[1], naming(None), is_quiet=False, run_id="r1", command="run") as say:
    say("pulled all", event="query.done", received=3)
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
    """What is written to a terminal by somebody who speaks."""
    monkeypatch.setattr(voice, "LINE_SECONDS", 0)

    def written(speak):
        terminal = Terminal()
        with monkeypatch.context() as patch, suppress(ZeroDivisionError):
            patch.setattr(sys, "stderr", terminal)
            with voice.voice("auto", naming(None), is_quiet=False) as say:
                speak(say)
        return terminal.getvalue()

    return written


def test_on_a_terminal_progress_is_one_line_that_is_written_over_and_then_gone(on_a_terminal):
    def speak(say):
        say("asking: pain scores", event="query.begin", query="q", type="T")
        say("short", event="patients.done", received=1, expected=2)
        say("here", event="query.done")
        say("again", event="query.begin", query="q", type="T")

    assert on_a_terminal(speak) == (
        "\rasking: pain scores\rshort              \r     \rhere\n\ragain\r     \r"
    )


def test_the_line_is_gone_when_an_error_is_told(on_a_terminal):
    def speak(say):
        say("asking", event="query.begin", query="q", type="T")
        raise ZeroDivisionError

    assert on_a_terminal(speak) == "\rasking\r      \r"


def test_a_line_is_no_wider_than_the_terminal(on_a_terminal):
    def speak(say):
        say("x" * 200, event="query.begin", query="q", type="T")

    assert on_a_terminal(speak).split("\r")[1] == "x" * 79


@pytest.mark.parametrize("chosen", ["json", "text"])
def test_elsewhere_progress_comes_by_the_line_when_it_is_due(capsys, monkeypatch, chosen):
    monkeypatch.setattr(pace, "EVERY_SECONDS", 0)
    with voice.voice(chosen, naming(None), is_quiet=False) as say:
        say("asking", event="query.begin", query="q", type="T")
    [line] = capsys.readouterr().err.splitlines()
    assert (json.loads(line)["text"] if chosen == "json" else line) == "asking"
    monkeypatch.setattr(pace, "EVERY_SECONDS", 30)
    with voice.voice(chosen, naming(None), is_quiet=False) as say:
        say("asking", event="query.begin", query="q", type="T")
    assert capsys.readouterr().err == ""


def test_quiet_says_nothing_in_any_form(capsys):
    with voice.voice("json", naming(None), is_quiet=True) as say:
        say("warning: x", event="search.by_get")
    assert capsys.readouterr().err == ""
