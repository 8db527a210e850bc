"""The report's files: page, CSV, and what describes them."""

import csv
import json
import stat
from dataclasses import replace
from io import StringIO

import pytest

from abate import Estimate, Result, Table
from abate.analysis.results import NOT_FOR_RELEASE
from abate.errors import StoreError
from abate.report import files, tables


def _rows(path):
    return list(csv.DictReader(StringIO(path.read_text("utf-8"))))


def test_every_estimate_is_a_row_with_its_exact_numbers(tiny, tmp_path):
    files.write(tiny, tmp_path)
    rows = {row["estimate"]: row for row in _rows(tmp_path / "tables" / "estimates.csv")}
    estimates = tiny.outcomes[0].result.estimates
    assert list(rows) == [one.name for one in estimates]
    test = rows["sign-test"]
    assert (test["analysis"], test["use"], test["primary"]) == (
        "first-week",
        "paired-change",
        "true",
    )
    assert (float(test["value"]), float(test["p"]), test["n"]) == (8 / 9, 0.0390625, "9")
    assert json.loads(test["counts"]) == {"falls": 8, "rises": 1}
    assert (rows["median-change"]["low"], rows["median-change"]["high"]) == ("-5", "-0.5")
    assert rows["median-M8"]["value"] == ""


def test_every_step_is_a_row(tiny, tmp_path):
    files.write(tiny, tmp_path)
    rows = _rows(tmp_path / "tables" / "attrition.csv")
    assert rows[1] == {
        "stage": "index procedures",
        "reason": "",
        "unit": "procedure",
        "n": "13",
        "release": NOT_FOR_RELEASE,
    }
    assert len(rows) == len(tiny.attrition)


def test_a_table_is_a_file_with_the_numbers_that_it_cites(tiny, tmp_path):
    files.write(tiny, tmp_path)
    rows = _rows(tmp_path / "tables" / "first-week-change.csv")
    assert rows == [
        {"what": "median change", "n": "10", "value": "-1.5", "release": NOT_FOR_RELEASE}
    ]


def test_what_is_withheld_is_empty_and_says_the_rule(shown, tmp_path):
    files.write(shown, tmp_path)
    [row] = [r for r in _rows(tmp_path / "tables" / "estimates.csv") if r["withheld"]]
    assert (row["value"], row["n"], row["p"], row["counts"]) == ("", "", "", "")
    assert row["withheld"] == "fewer than 5"


def test_the_descriptor_describes_every_file_and_column(study, tmp_path):
    written = files.write(study, tmp_path)
    package = json.loads((tmp_path / "tables" / "datapackage.json").read_text("utf-8"))
    named = {resource["path"]: resource for resource in package["resources"]}
    assert set(named) == {path.name for path in written if path.suffix == ".csv"}
    for name, resource in named.items():
        [head, *rows] = csv.reader(StringIO((tmp_path / "tables" / name).read_text("utf-8")))
        assert [field["name"] for field in resource["schema"]["fields"]] == head
        for field, *cells in zip(resource["schema"]["fields"], *rows, strict=True):
            known = [cell for cell in cells if cell]
            if field["type"] in ("number", "integer"):
                assert all(float(cell) is not None for cell in known)
            if field["type"] in ("object", "array"):
                assert all(json.loads(cell) for cell in known)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_only_text(tiny, outcome, tmp_path, text):
    one = Estimate(name="x", label=text, value=-1, n=1, method="m", population="p", note=text)
    table = Table(name="t", title="t", columns=[text, "n"], rows=[[text, -1]])
    result = Result(estimates=[one], tables=[table])
    files.write(replace(tiny, outcomes=[outcome(result)]), tmp_path)
    [row] = _rows(tmp_path / "tables" / "estimates.csv")
    assert (row["label"][0], row["note"][0], row["value"]) == ("'", "'", "-1")
    written = (tmp_path / "tables" / "first-week-t.csv").read_bytes().decode()
    assert "\n-1" not in written
    [head, body] = csv.reader(StringIO(written, newline=""))
    assert (head, body) == ([f"'{text}", "n", "release"], [f"'{text}", "-1", NOT_FOR_RELEASE])


def test_a_table_cannot_be_written_elsewhere(tiny, outcome, tmp_path):
    table = Table(name="../../evil", title="t", columns=["a"], rows=[["b"]])
    files.write(replace(tiny, outcomes=[outcome(Result(tables=[table]))]), tmp_path / "out")
    names = [path.name for path in tmp_path.rglob("*evil*")]
    assert len(names) == 1
    assert (tmp_path / "out" / "tables" / names[0]).is_file()


def test_only_the_owner_can_read_the_files(tiny, tmp_path):
    for path in files.write(tiny, tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_of_an_earlier_report_go_and_others_stay(tiny, outcome, tmp_path):
    files.write(tiny, tmp_path)
    own = tmp_path / "tables" / "mine.csv"
    own.write_text("a\n")
    files.write(replace(tiny, outcomes=[outcome(Result(), name="other")]), tmp_path)
    assert not (tmp_path / "tables" / "first-week-change.csv").exists()
    assert own.read_text() == "a\n"


def test_forgetting_leaves_no_page_and_no_table(tiny, tmp_path):
    written = files.write(tiny, tmp_path)
    files.forget(tmp_path)
    assert [path for path in written if path.exists()] == []


def test_a_descriptor_that_points_elsewhere_removes_nothing(tiny, tmp_path):
    (tmp_path / "tables").mkdir()
    other = tmp_path / "other.csv"
    other.write_text("a\n")
    names = ["../other.csv", str(other), "notes.txt"]
    descriptor = {"resources": [{"path": name} for name in names]}
    (tmp_path / "tables" / "datapackage.json").write_text(json.dumps(descriptor))
    files.write(tiny, tmp_path)
    assert other.exists()


def test_the_same_results_give_the_same_files(shown, tmp_path):
    one, two = (
        {path.name: path.read_bytes() for path in files.write(shown, tmp_path / name)}
        for name in ("one", "two")
    )
    assert one == two


def test_two_tables_of_one_name_keep_both_their_files_apart(tiny, outcome):
    twins = [Table(name=name, title=name, columns=["a"], rows=[["b"]]) for name in ("x y", "x-y")]
    found = tables.sheets(replace(tiny, outcomes=[outcome(Result(tables=twins))]))
    names = [sheet.name for sheet in found]
    assert len(names) == len(set(names)) == 4


def test_a_disk_that_refuses_is_named(tiny, tmp_path):
    (tmp_path / "tables").write_text("a file in the way")
    with pytest.raises(StoreError, match="tables"):
        files.write(tiny, tmp_path)


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["report.html", "results.json", "tables/attrition.csv"])
def test_on_a_full_disk_the_whole_set_of_before_stays(tiny, outcome, tmp_path, name):
    files.write(tiny, tmp_path)
    before = everything(tmp_path)
    path = tmp_path / name
    path.with_name(f".{path.name}.partial").symlink_to("/dev/full")
    other = replace(tiny, run_id="other", outcomes=[outcome(Result(), name="other")])
    with pytest.raises(StoreError, match="No space left"):
        files.write(other, tmp_path)
    assert everything(tmp_path) == before


def test_results_of_before_go_where_a_table_cannot_be_named(tiny, outcome, tmp_path):
    """No results stand beside the tables of other ones."""
    files.write(tiny, tmp_path)
    (tmp_path / "tables" / "other-x.csv").mkdir()
    table = Table(name="x", title="x", columns=["n"], rows=[[1]])
    with pytest.raises(StoreError):
        files.write(
            replace(tiny, outcomes=[outcome(Result(tables=[table]), name="other")]), tmp_path
        )
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("left", [b"", b'{"resources": ['])
def test_tables_of_before_go_though_their_descriptor_was_torn(tiny, outcome, tmp_path, left):
    files.write(tiny, tmp_path)
    own = tmp_path / "tables" / "own.csv"
    own.write_text("a,b\r\n1,2\r\n", "utf-8")
    (tmp_path / "tables" / "datapackage.json").write_bytes(left)
    files.write(replace(tiny, outcomes=[outcome(Result(), name="other")]), tmp_path)
    named = {path.name for path in (tmp_path / "tables").glob("*.csv")}
    assert named == {"own.csv", "estimates.csv", "attrition.csv"}
