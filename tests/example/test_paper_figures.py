"""The paper's figures, as the demo holds ours against them: against the tables of the paper."""

import csv
import json
import re
from pathlib import Path
from statistics import median

import msgspec
import pytest

from abate import Estimate
from abate.analysis.published_figures import PublishedFigures, load
from abate.config.reader import read
from abate.errors import StudyFileError
from abate_analyses import compare_figures

EXAMPLE = Path(__file__).parents[2] / "examples" / "cementoplasty"
SOURCES = Path(__file__).parents[2]


def printed():
    return {one["id"]: one for one in json.loads((EXAMPLE / "paper.json").read_text())["figures"]}


def table2():
    with (EXAMPLE / "table2_pain_scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_medians_of_figure_8_are_those_of_table_2():
    for visit in [name for name in table2()[0] if name != "lesion"]:
        scores = [float(row[visit]) for row in table2() if row[visit]]
        figure = printed()[f"8-{visit}"]
        assert figure["paper"] == (median(scores) if scores else None), visit
        assert figure.get("n", 0) == len(scores), visit


def test_a_figure_without_a_number_of_the_papers_or_of_ours_is_not_compared():
    paper = {
        "source": "",
        "figures": [
            {"id": "a", "title": "", "rule": "", "paper": None, "ours": "x/y"},
            {"id": "b", "title": "", "rule": "", "paper": 1, "ours": "not/there"},
        ],
    }
    found = compared(paper, {"value": 1.0})
    assert [figure.agrees for figure in found] == [None, None]


def test_a_figure_agrees_as_far_as_the_paper_prints_it_and_with_its_n():
    base = {"title": "", "rule": "", "ours": "x/y#p", "decimals": 3}
    paper = {
        "source": "",
        "figures": [
            {"id": "equal", "paper": 0.039, "n": 9, **base},
            {"id": "other", "paper": 0.038, "n": 9, **base},
            {"id": "other-n", "paper": 0.039, "n": 8, **base},
        ],
    }
    found = compared(paper, {"p": 0.0390625, "n": 9})
    assert [figure.agrees for figure in found] == [True, False, False]


def test_where_they_differ_the_remark_of_the_paper_and_the_cases_of_ours_are_told():
    base = {"title": "", "rule": "", "ours": "x/y", "remark": "the table says otherwise"}
    paper = {"source": "", "figures": [{"id": str(n), "paper": n, **base} for n in (8, 9)]}
    [equal, other] = compared(paper, {"value": 8}, notes=["lesion 6 at M5"])
    assert equal.remarks == []
    assert other.remarks == ["the table says otherwise", "lesion 6 at M5"]


def test_a_figure_of_several_numbers_is_held_number_by_number():
    figure = {
        "id": "1", "title": "", "rule": "", "paper": {"fell": 8, "of": 9},
        "ours": {"fell": "x/y#count:falls", "of": "x/y#n"},
    }  # fmt: skip
    [found] = compared({"source": "", "figures": [figure]}, {"n": 9, "counts": {"falls": 8}})
    assert (found.agrees, found.ours) == (True, {"fell": 8, "of": 9})


@pytest.mark.parametrize("content", [None, "{", '{"source": "", "figures": [{"id": "1"}]}'])
def test_a_file_of_figures_that_cannot_be_read_is_named_with_its_key(whole_study_file, content):
    path = whole_study_file.parent / "paper.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(StudyFileError, match=r"\[paper\] figures: .*paper\.json cannot be read: "):
        load(read(whole_study_file))


def test_without_a_paper_there_is_nothing_to_compare(study_file):
    assert load(read(study_file)) is None


def compared(paper, numbers, notes=()):
    given = {"name": "y", "value": None, "n": None, "method": "", "population": "", **numbers}
    known = {"x/y": Estimate(**given, cases=notes)}
    return compare_figures(msgspec.convert(paper, PublishedFigures), known)


def test_no_figure_of_the_paper_stands_in_code_or_mapping():
    telling = re.compile(r"0\.0390?6?|0\.0078125|\b0\.125\b")
    folders = ("adapter", "plugins", "mappings")
    files = [file for folder in folders for file in (SOURCES / folder).rglob("*")]
    texts = [file for file in files if file.suffix in {".py", ".sql", ".toml"}]
    assert len(texts) > 50
    assert [file.name for file in texts if telling.search(file.read_text("utf-8"))] == []
