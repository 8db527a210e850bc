"""The help: what there is, with examples, and one table of exit codes."""

import re

import pytest

from abate import errors
from abate.cli import COMMANDS


def kinds(kind: type[errors.AbateError]) -> list[type[errors.AbateError]]:
    return [kind, *(inner for below in kind.__subclasses__() for inner in kinds(below))]


KINDS = [kind for kind in kinds(errors.AbateError) if kind.__module__ == "abate.errors"]


def test_the_help_lists_each_command_with_a_whole_sentence(abate):
    shown = abate("--help").out
    listed = shown.partition("Commands:\n")[2].partition("Start with:")[0]
    assert "..." not in listed
    sentences = re.findall(r"^  (\w+) +(\S.*(?:\n {6,}\S.*)*)", listed, re.MULTILINE)
    assert [name for name, _ in sentences] == list(COMMANDS)
    assert all(sentence.strip().endswith(".") for _, sentence in sentences)


def test_the_help_begins_with_examples(abate):
    shown = abate("--help").out
    assert "  abate run study.toml " in shown
    assert "  abate publish --dry-run " in shown


def test_the_help_gives_the_exit_codes_that_the_errors_have(abate):
    words = " ".join(abate("--help").out.partition("Exit codes: ")[2].split()).removesuffix(".")
    assert words == ", ".join(f"{code} {meaning}" for code, meaning in errors.EXIT_CODES.items())


def test_every_exit_code_has_a_meaning_and_every_meaning_an_exit_code():
    of_click = {0, 2, 130}
    assert {kind.exit_code for kind in KINDS} | of_click == set(errors.EXIT_CODES)


def test_the_tree_of_errors_is_drawn_as_it_is():
    drawn = re.findall(r"^ +[│├└─ ]*(\w+) +(\d+)  \S", errors.__doc__, re.MULTILINE)
    assert drawn == [(kind.__name__, str(kind.exit_code)) for kind in KINDS]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples_that_fits_a_terminal(abate, command):
    ran = abate(command, "--help")
    assert (ran.exit_code, ran.err) == (0, "")
    assert re.search(rf"^ +Examples?:\n +abate {command}", ran.out, re.MULTILINE)
    assert "--json" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_sandbox_says_what_it_is_for(abate):
    assert "for demos and tests, not for patients' data" in abate("sandbox", "--help").out


def test_every_example_names_options_that_the_command_has(abate):
    for command in COMMANDS:
        shown = abate(command, "--help").out
        known = set(re.findall(r"--[a-z-]+", shown.partition("Options:")[2].partition("Exampl")[0]))
        examples = re.findall(r"^ +abate \w+.*$", shown.partition("Exampl")[2], re.MULTILINE)
        used = {one for line in examples for one in re.findall(r"--[a-z-]+", line.split("|")[0])}
        assert used <= known, command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "There is no command 'rnu'. Did you mean 'run'?"),
        (["run", "--jsno"], "No such option"),
        (["run", "one.toml", "two.toml"], "unexpected extra argument"),
        (["sandbox", "--port", "70000"], "not in the range 0<=x<=65535"),
        (["sandbox", "nowhere.json"], "does not exist"),
        (["run", "--set"], "requires an argument"),
    ],
)
def test_a_command_that_is_used_wrongly_ends_with_2(abate, arguments, words):
    ran = abate(*arguments)
    assert (ran.exit_code, ran.out) == (2, "")
    assert words in ran.err


def test_a_study_file_with_a_fault_ends_with_2_and_says_nothing_else(abate, study_file):
    study_file.write_text(study_file.read_text("utf-8").replace("per_visit", "per_vist"), "utf-8")
    ran = abate("run", study_file)
    assert (ran.exit_code, ran.out) == (2, "")
    assert ran.err.startswith(f"abate: {study_file}, line ")
    assert "Did you mean 'per_visit'?" in ran.err
    assert not (study_file.parent / "abate-output").exists()
