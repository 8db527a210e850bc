"""Today's commands on the results.json of 0.1: they read it, or ask for another run."""

import json

import pytest


@pytest.fixture
def analysed(frozen):
    frozen.serve("source.json")
    frozen.lay_results()
    return frozen


def test_it_is_exported_with_its_figures_or_another_run_is_asked_for(analysed, refused, then):
    ran = analysed("export")
    if ran.exit_code:
        refused(ran)
        assert not (analysed.output / "released").exists()
        return
    exported = json.loads((analysed.output / "released" / "results.json").read_text("utf-8"))
    [week] = [one for one in exported["outcomes"] if one["name"] == "first-week"]
    shown = {one["name"]: (one["value"], one["p"], one["n"]) for one in week["result"]["estimates"]}
    assert shown["sign-test"] == pytest.approx(then["first-week/sign-test"])


def test_it_is_published_with_its_figures_or_another_run_is_asked_for(analysed, refused):
    ran = analysed("publish")
    if ran.exit_code:
        refused(ran)
        assert not analysed.valid()
        return
    assert sign_test(analysed) == pytest.approx(8 / 9, abs=1e-6)


def test_after_a_run_it_is_published_whatever_was_there(analysed):
    assert analysed("run").exit_code == 0
    ran = analysed.insist("publish")
    assert ran.exit_code == 0, ran.err
    assert sign_test(analysed) == pytest.approx(8 / 9, abs=1e-6)


def sign_test(study):
    [found] = [
        one
        for one in study.all("Observation")
        if "frozen-0-1/first-week/sign-test" in [i["value"] for i in one.get("identifier", ())]
    ]
    return found["valueQuantity"]["value"]
