"""What the commands print on a terminal of 100 columns, word by word.

If a change is meant, write the files anew, with the environment variable WRITE_TERMINAL=1.
"""

import os
import re
from pathlib import Path

import pytest

from abate.cli import COMMANDS
from fronts import Front

KEPT = Path(__file__).parents[1] / "golden" / "terminal"
# What differs from run to run.
VARYING = (
    (r"http://localhost:\d+/fhir", "URL"),
    (r"python -m pytest\.abate", "abate"),
    (r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "ID"),
    (r"-[0-9a-f]{6}\b", "-SUFFIX"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"abate, version \S+|abate \d+\.\d+\.\d+", "abate VERSION"),
    (r"\d+ requests", "N requests"),
)


@pytest.fixture(autouse=True)
def as_on_a_terminal(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def front(httpserver, study_resources):
    front = Front(httpserver.url_for("/fhir")).serve_on(httpserver)
    front.put(*study_resources)
    return front


@pytest.fixture
def call(abate, front, study_file, monkeypatch):
    """Call a command on the published study, from its folder."""
    monkeypatch.chdir(study_file.parent)

    def run(command, *options):
        ran = abate(command, *options, "--set", f"source.url={front.base}", "--quiet")
        assert ran.exit_code == 0, ran.err
        return ran.out

    return run


def same(name, shown):
    """Whether this is what is kept."""
    for pattern, word in VARYING:
        shown = re.sub(pattern, word, shown)
    path = KEPT / f"{name}.txt"
    if os.environ.get("WRITE_TERMINAL"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, "utf-8")
    return path.read_text("utf-8") == shown


def change_a_score(front):
    score = front.get("Observation/lesion-03-D1").json
    score["valueQuantity"]["value"] = 9
    front.put(score)


def test_run(call):
    shown = call("run")
    assert same("run", shown)
    assert len(shown.splitlines()) <= 30


def test_publish_and_again(call):
    call("run")
    assert same("publish", call("publish"))
    assert same("publish-again", call("publish"))


def test_sync_where_nothing_changed_one_score_changed_one_was_deleted(call, front):
    assert same("sync-first", call("sync"))
    assert same("sync-nothing", call("sync"))
    change_a_score(front)
    changed = call("sync")
    assert same("sync-changed", changed)
    assert " -> " in changed
    front.delete("Observation", "lesion-02-D1")
    deleted = call("sync")
    assert same("sync-deleted", deleted)
    assert "1 Observation deleted on the server" in deleted


def test_the_log_has_the_numbers_that_changed(abate, front, study_file):
    chosen = (study_file, "--set", f"source.url={front.base}")
    abate("sync", *chosen, "--quiet")
    change_a_score(front)
    front.delete("Observation", "lesion-02-D1")
    err = abate("sync", *chosen, "--log", "json").err
    assert re.search(r'"event": "publish.numbers".*"numbers": ".* -> ', err)
    assert re.search(r'"event": "mapping.deleted".*"type": "Observation", "deleted": 1', err)


def test_try(abate, front):
    assert same("try", abate("try", front.base, "--quiet").out)


def test_init(abate, front):
    shown = abate("init", front.base, "--quiet").out
    assert same("init", shown)
    assert same("init-study", Path("study.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", ["abate", *COMMANDS])
def test_help(abate, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = abate(*([] if name == "abate" else [name]), "--help").out
    assert same(f"help-{name}", shown)
