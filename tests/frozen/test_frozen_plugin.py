"""The plugins of an author of 0.1, in today's abate."""

import pytest
import requests

USED = """
[[analysis]]
use = "change-by-sex"

[[analysis]]
use = "ward-round"
endpoint = { last_of = ["D1", "Wk1"] }
at_most = 3

[report]
"""


@pytest.fixture
def notes(install_frozen):
    """The plugins are installed; gives where one of them writes what it is told."""
    return install_frozen


@pytest.fixture
def study(frozen, notes):  # noqa: ARG001 - the plugins are installed.
    frozen.serve("source.json")
    text = frozen.study.read_text("utf-8")
    start, end = text.index("[[analysis]]"), text.index("[report]\n")
    frozen.study.write_text(
        text[:start] + USED.lstrip() + text[end:].removeprefix("[report]\n"), "utf-8"
    )
    return frozen


@pytest.mark.usefixtures("notes")
def test_they_load_and_offer_what_they_offered(abate):
    listed = {one["name"]: one for one in abate("plugins", "--json").json["plugins"]}
    for name, analysis in (("change_by_sex", "change-by-sex"), ("ward", "ward-round")):
        assert (listed[name]["state"], listed[name]["analyses"]) == ("loaded", [analysis])
        assert not listed[name]["problem"]


def test_they_run_and_find_what_they_found(study):
    ran = study("run", "--json")
    assert ran.exit_code == 0, ran.err
    by_sex, ward = (one["result"] for one in ran.json["outcomes"])
    # Women -3 and -2, men -5, -5, -1, 2 and -1: a woman's change is greater in 4 of 10 pairs.
    assert [(one["value"], one["n"]) for one in by_sex["estimates"]] == [(4, 7)]
    # Of the lesions with a baseline, the last of D1 and Wk1 is at most 3 in 1, 3, 4, 6, 9, 10.
    low = {one["name"]: one for one in ward["estimates"]}["low"]
    assert (low["counts"]["numerator"], low["n"]) == (6, 10)
    assert by_sex["notes"] == ["The ward has seen change-by-sex."]


def test_what_they_use_that_is_deprecated_is_told_in_the_run(study):
    ran = study("run")
    assert ran.exit_code == 0
    told = [line for line in ran.err.splitlines() if "Tell its author" in line]
    assert len([one for one in told if "'ward-round' gives Result.splits" in one]) == 1
    keys = [one for one in told if "the first one, 'u', is" in one or "one, 'low', is" in one]
    assert (len(keys), len(told)) == (2, 3)
    shown = study("status", "--json").json
    assert "deprecated" in str(shown["warnings"])


def test_a_score_that_only_they_can_read_is_read(study):
    score = requests.get(f"{study.base}/Observation/lesion-01-Wk1", timeout=5).json()
    del score["meta"], score["valueQuantity"]
    score["valueString"] = "9 of 10"
    requests.put(f"{study.base}/Observation/{score['id']}", json=score, timeout=5)
    assert study("run").exit_code == 0
    [(value,)] = study.rows("select value from observation where id = 'lesion-01-Wk1'")
    assert value == 9


def test_what_they_found_is_published_and_they_are_told(study, notes):
    assert study("run").exit_code == 0
    ran = study.insist("publish")
    assert ran.exit_code == 0, ran.err
    [note] = [one for one in study.all("List") if one["id"] == "ward-round-1"]
    assert note["title"] == "The ward's note on Low pain"
    names = {one["identifier"][0]["value"] for one in study.valid() if one.get("identifier")}
    assert {f"frozen-0-1/{one}" for one in ("change-by-sex/u", "ward-round/low")} <= names
    assert "1 references: u\n" in notes.read_text("utf-8")


def test_their_code_lists_are_there_for_the_study(study):
    ran = study("run", "--set", 'scores.codes=["list:pain-intensity", "list:ward-scores"]')
    assert ran.exit_code == 0, ran.err
