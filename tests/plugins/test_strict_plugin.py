"""The contract in the hands of a plugin that mypy checks: key estimates, the mean, the context."""

from pathlib import Path

import pytest
import requests

USED = '[[analysis]]\nuse = "mean-change"\nname = "change"\nprimary = true\n'
REPORT = "DiagnosticReport/226dbbbb-23d0-5ea0-b49a-2ca6395d8ca8"


@pytest.fixture
def notes(install, tmp_path, monkeypatch):
    """The plugin is installed; gives what its hooks were told."""
    source = (Path(__file__).parent / "strict_plugin.py").read_text("utf-8")
    install("strict", source, head="")
    path = tmp_path / "notes"
    monkeypatch.setenv("STRICT_NOTES", str(path))
    return lambda: path.read_text("utf-8").splitlines()


@pytest.fixture
def path(study, notes, abate):  # noqa: ARG001 - the plugin is installed.
    path = study(USED)
    assert abate("run", path).exit_code == 0
    return path


def base_of(path):
    return path.read_text("utf-8").partition('url = "')[2].partition('"')[0]


def test_its_estimates_are_what_it_computed(abate, path):
    [outcome] = abate("run", path, "--json").json["outcomes"]
    mean, share = outcome["result"]["estimates"]
    # Table 2, D0 to Wk1: -3, -2, -5, -5, -1, 2, -1.
    assert (mean["value"], mean["n"]) == (pytest.approx(-15 / 7), 7)
    assert share["value"] == pytest.approx(6 / 7)
    assert (mean["key"], share["key"]) == (False, True)


def test_its_hooks_are_told_study_analysis_and_target(abate, path, notes):
    assert abate("publish", path).exit_code == 0
    whose = f"; cementoplasty-2010 primary {base_of(path)}"
    assert notes() == [
        f"render change mean-change {REPORT} of 7{whose}",
        f"written ['not-risen'] ['create', 'create'] create{whose}",
    ]


def test_what_changed_is_told_after_each_publication(abate, path, notes):
    abate("publish", path)
    abate("publish", path)
    assert notes()[-1].startswith("written ['not-risen'] ['unchanged', 'unchanged'] unchanged;")


def test_an_export_has_no_target(abate, path, notes):
    assert abate("export", path, "--fhir", "R4").exit_code == 0
    assert notes() == [f"render change mean-change {REPORT} of 7; cementoplasty-2010 primary "]


def test_an_n_that_is_withheld_is_none(abate, path, notes):
    small = ("--set", "report.minimum_cell=8", "--set", "study.synthetic=false")
    assert abate("run", path, *small).exit_code == 0
    assert abate("export", path, "--fhir", "R4", *small).exit_code == 0
    assert " of few; " in notes()[0]


def test_a_mean_is_published_with_its_code(abate, path):
    abate("publish", path)
    found = requests.get(f"{base_of(path)}/Observation", params={"_count": "1000"}, timeout=5)
    [mean] = [
        one["resource"]
        for one in found.json()["entry"]
        if "arithmetic mean" in str(one["resource"].get("method"))
    ]
    codes = [one["code"] for one in mean["code"]["coding"]]
    assert codes == ["mean", "STATO:0000573"]
