"""`abate export`: files that may leave the house."""

import json
import stat

import pytest

from abate.analysis import results


@pytest.fixture
def kept(tiny, study_file, results_of):
    """The small study as the last run's results of the study file."""
    (study_file.parent / "abate-output").mkdir()
    results_of(study_file, *tiny.outcomes)
    return study_file


def test_page_tables_and_json_are_written_as_released(abate, kept):
    ran = abate("export", kept)
    assert ran.exit_code == 0
    folder = kept.parent / "abate-output" / "released"
    html = (folder / "report.html").read_text("utf-8")
    assert "Rule of small cells: 1." in html
    assert "not for release" not in html
    found = results.load(folder)
    assert (found.rule, found.run_id, found.inputs.server) == ("1", "", "")
    assert (folder / "tables" / "estimates.csv").is_file()
    assert stat.S_IMODE((folder / "results.json").stat().st_mode) == 0o600
    assert ran.out.splitlines()[-1].endswith("small-cell rule 1, every count is shown.")


def test_every_file_is_named(abate, kept, tmp_path):
    ran = abate("export", kept, "--to", tmp_path / "out", "--json")
    files = ran.json["files"]
    assert sorted(files) == sorted(str(p) for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert ran.json["rule"] == "1"


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_the_report_is_a_fhir_bundle_if_asked_for(abate, kept, tmp_path, version):
    ran = abate("export", kept, "--to", tmp_path / "out", "--fhir", version)
    assert ran.exit_code == 0, ran.err
    bundle = json.loads((tmp_path / "out" / f"bundle-{version.lower()}.json").read_text("utf-8"))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert {"Group", "Observation", "DiagnosticReport", "Provenance"} <= kinds


def test_twice_gives_the_same_bytes(abate, kept, tmp_path):
    for name in ("one", "two"):
        abate("export", kept, "--to", tmp_path / name)
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*")
         if p.is_file()}
        for n in ("one", "two")
    )  # fmt: skip
    assert one == two


def test_another_study_file_than_the_runs_is_refused(abate, kept):
    ran = abate("export", kept, "--set", "scores.per_visit=worst")
    assert ran.exit_code == 5
    assert "Run the study again" in ran.err
    assert not (kept.parent / "abate-output" / "released").exists()


def test_without_a_run_there_is_nothing_to_export(abate, study_file):
    ran = abate("export", study_file)
    assert ran.exit_code == 1
    assert "run the study first" in ran.err
