"""The reference of the page and of the files says what the code does."""

import re
from pathlib import Path

from abate.report import tables
from abate_analyses.reporting import checklists

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def _columns(page, heading):
    text = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \| (\w+) \|", text, flags=re.MULTILINE)


def test_every_column_is_documented_with_its_type(tiny):
    page = (REFERENCE / "files.md").read_text("utf-8")
    for sheet in tables.sheets(tiny)[:2]:
        documented = _columns(page, f"`tables/{sheet.name}.csv`")
        assert documented == [(name, kind) for name, kind, _ in sheet.columns]


def test_the_keys_of_the_example_are_ones_that_a_checklist_asks_for():
    page = (REFERENCE / "page.md").read_text("utf-8")
    example = page.partition("[statements]\n")[2].partition("```")[0]
    keys = re.findall(r"^([a-z-]+) = ", example, flags=re.MULTILINE)
    assert keys
    assert set(keys) <= set(checklists.statements())


def test_the_pictures_are_there_and_small():
    page = (REFERENCE / "page.md").read_text("utf-8")
    pictures = [REFERENCE / name for name in re.findall(r"\((\.\./pictures/[^)]+)\)", page)]
    assert len(pictures) == 3
    assert all(0 < path.stat().st_size < 300_000 for path in pictures)
