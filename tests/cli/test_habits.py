"""What users expect of any command line."""

import os
import subprocess
import sys

import pytest

from abate.cli import COMMANDS, options
from abate.config.reader import read
from abate.errors import NOTHING_STORED, IncompletePull
from abate.source.search.received import LiveCounts
from abate.store.ledger import LedgerLine
from abate.telemetry.log import logger


@pytest.mark.parametrize("arguments", [("-h",), *((name, "-h") for name in COMMANDS)])
def test_h_is_help(abate, arguments):
    assert abate(*arguments).out == abate(*arguments[:-1], "--help").out != ""


def test_the_shell_can_complete_commands():
    environment = {**os.environ, "_ABATE_COMPLETE": "bash_complete", "COMP_WORDS": "abate re",
                   "COMP_CWORD": "1"}  # fmt: skip
    code = "from abate.cli import abate; abate(prog_name='abate')"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["plain,results", "plain,reconcile", "plain,retract"]


def test_colours_are_left_out_where_no_color_is_set(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert options.tint("x", fg="red") == "\x1b[31m\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert options.tint("x", fg="red") == "x"


def test_no_colour_goes_into_a_file(abate, study_file, serve, study_resources):
    ran = abate("run", study_file, "--set", f"source.url={serve(study_resources)}")
    assert "\x1b" not in ran.out + ran.err


def test_https_on_a_port_for_plain_http_is_named_as_that(abate, httpserver):
    url = httpserver.url_for("/fhir").replace("http://", "https://")
    ran = abate("check", url)
    assert ran.exit_code == 1
    assert "it does not use TLS: is it a port for plain http?" in ran.err
    assert "certificate" not in ran.err


def test_the_command_to_run_again_has_the_file_and_each_set(abate, study_file):
    refused = abate("publish", study_file, "--set", "study.title=A title")
    assert f"run the study first: abate run {study_file} --set 'study.title=A title'" in refused.err


def test_the_usual_file_is_not_repeated(study_file, monkeypatch):
    monkeypatch.chdir(study_file.parent)
    assert read(options.STUDY).again("run") == "abate run"


def test_a_missing_study_file_names_init_and_try(abate, tmp_path):
    ran = abate("run", tmp_path / "none.toml")
    assert ran.exit_code == 2
    assert "abate init URL" in ran.err
    assert "abate try URL" in ran.err


def test_no_counter_says_more_than_all():
    line = LedgerLine(query="scores", type="Observation", expected=26, received=1370, pages=7)
    assert "1370 of 26" not in str(line)
    assert "1370 (the server counts 26)" in str(line)
    lines = []
    counts = LiveCounts(logger(lines.append))
    counts.expect("scores", "Observation", 26)
    for _ in range(2):
        counts.page("scores", "Observation", 20)
    assert [one["expected"] for one in lines] == [26, None]
    assert "40 of 26" not in lines[-1]["text"]


def test_a_warning_does_not_say_that_nothing_was_stored():
    fault = IncompletePull(f"incomplete result for procedures: a 400. {NOTHING_STORED}")
    assert fault.reason == "incomplete result for procedures: a 400."
