"""Where small cells are hidden, a release needs the units of the run."""

import json

import pytest

PLUGIN = """
from dataclasses import dataclass
from typing import ClassVar

from abate import Analysis, Estimate, Result, hookimpl


@dataclass(frozen=True)
class Old:
    name: ClassVar[str] = "old"

    def run(self, cohort):
        n = cohort.analysed.height
        return Result(estimates=[
            Estimate(name="all", value=4.0, n=n, method="a mean", population="analysed lesions")
        ])


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    return [Old]
"""


@pytest.fixture
def old_plugin(tmp_path, monkeypatch):
    """A plugin of version 0.1: its estimate has no units."""
    site = tmp_path / "site-packages"
    information = site / "abate_old-0.1.dist-info"
    information.mkdir(parents=True)
    (site / "abate_old.py").write_text(PLUGIN, "utf-8")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: abate-old\nVersion: 0.1\n")
    (information / "entry_points.txt").write_text("[abate]\nabate_old = abate_old\n")
    monkeypatch.syspath_prepend(str(site))


@pytest.fixture
def real(source, study_file):
    """A study of patients who are real, with small cells hidden, and one more analysis."""
    text = study_file.read_text("utf-8").replace("synthetic = true", "synthetic = false")
    text = text.replace("http://127.0.0.1:8080/fhir", source.base)
    text = text.replace("minimum_cell = 1", "minimum_cell = 5")
    study_file.write_text(f'{text}\n[[analysis]]\nuse = "old"\n', "utf-8")
    return study_file


@pytest.mark.usefixtures("old_plugin")
def test_an_analysis_without_units_is_shown_here_and_not_released_with_a_warning(abate, real):
    ran = abate("run", real, "--json")
    assert ran.exit_code == 0, ran.err
    assert "the analysis 'old' does not declare the units of 1 of its estimates" in ran.err
    [one] = ran.json["outcomes"][-1]["result"]["estimates"]
    assert one["value"] == 4.0
    out = real.parent / "out"
    exported = abate("export", real, "--to", out)
    assert exported.exit_code == 0, exported.err
    released = json.loads((out / "results.json").read_text("utf-8"))
    [one] = released["outcomes"][-1]["result"]["estimates"]
    assert (one["value"], one["n"]) == (None, None)
    assert not (out / "units.json").exists()
    published = abate("publish", real)
    assert published.exit_code == 0, published.err
    assert "the analysis 'old'" in published.err


@pytest.mark.usefixtures("old_plugin")
@pytest.mark.parametrize("content", [None, "{}"])
def test_without_the_units_of_the_run_nothing_is_released(abate, real, source, content):
    assert abate("run", real).exit_code == 0
    kept = real.parent / "abate-output" / "units.json"
    kept.unlink() if content is None else kept.write_text(content, "utf-8")
    for command in ("publish", "export"):
        refused = abate(command, real)
        assert refused.exit_code == 5
        assert "units.json beside results.json is missing" in refused.err
    assert source.ours() == {}


@pytest.mark.usefixtures("old_plugin")
def test_no_unit_is_named_in_what_a_run_prints_keeps_or_publishes(abate, real, source):
    ran = abate("run", real, "--json")
    output = real.parent / "abate-output"
    kept = json.loads((output / "units.json").read_text("utf-8"))
    ids = {one for units in kept["units"] for one in units["data"]}
    assert len(ids) > 10
    abate("publish", real)
    files = [path for path in output.iterdir() if path.suffix in (".json", ".jsonl", ".html")]
    texts = [ran.out, ran.err, str(source.ours())]
    texts += [path.read_text("utf-8") for path in files if path.name != "units.json"]
    assert not [one for one in ids for text in texts if one in text]
