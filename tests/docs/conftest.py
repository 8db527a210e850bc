"""The documentation as the tests see it: its pages, their blocks, and one run of the demo."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from abate import Cohort, demo
from abate.cohort import assemble as cohort_assemble
from abate.demo import DemoResult

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"(Add to )?`([\w./-]+)`:")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, or a comment that tells the tests something (`kind` test)."""

    kind: str
    text: str
    file: str | None = None
    is_added: bool = False


@dataclass(frozen=True)
class Demo:
    """One run of the demo, and the cohort on its way."""

    shown: DemoResult
    cohort: Cohort
    folder: Path


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def reference():
    """The text of a page of the reference."""
    return lambda name: (ROOT / "docs" / "reference" / name).read_text("utf-8")


@pytest.fixture(scope="session")
def blocks():
    """The blocks of a page, in their order."""
    return lambda page: list(_blocks(page.read_text("utf-8")))


@pytest.fixture(scope="session")
def section():
    """The part of a text below a heading, as far as the next one of its level or above."""

    def find(text: str, heading: str) -> str:
        level = heading.partition(" ")[0]
        [_, below] = re.split(rf"^{re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)
        return re.split(rf"^#{{1,{len(level)}}} ", below, maxsplit=1, flags=re.MULTILINE)[0]

    return find


@pytest.fixture(scope="session")
def rows():
    """The tables of a text as rows of cells, without heads."""
    return lambda text: list(_rows(text))


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once for all tests of the documentation."""
    folder = tmp_path_factory.mktemp("demo")
    cohorts = []
    assemble = cohort_assemble.assemble

    def remembered(*arguments):
        cohorts.append(assemble(*arguments))
        return cohorts[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort_assemble, "assemble", remembered)
        shown = demo.run(folder)
    return Demo(shown, cohorts[0], folder)


def _blocks(text: str) -> Iterator[Block]:
    before, kind, content = "", None, []
    for line in text.splitlines():
        if kind is not None and line == "```":
            named = NAMED.fullmatch(before)
            file, is_added = (named[2], bool(named[1])) if named else (None, False)
            yield Block(kind, "\n".join(content) + "\n", file, is_added)
            before, kind, content = "", None, []
        elif kind is not None:
            content.append(line)
        elif line.startswith("```"):
            kind = line.removeprefix("```")
        elif mark := re.fullmatch(r"<!-- test: (.+) -->", line):
            yield Block("test", mark[1])
        elif line:
            before = line


def _rows(text: str) -> Iterator[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for place, line in enumerate(lines):
        is_head = place + 1 < len(lines) and re.match(r"\|\s*---", lines[place + 1])
        if not is_head and not re.match(r"\|\s*---", line):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
