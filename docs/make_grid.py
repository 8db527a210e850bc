"""Print the fault grid as the last `make grid` found it, or write its page with `--write`."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTED = ROOT / "build" / "fault-grid.json"
PAGE = ROOT / "docs" / "reference" / "fault-grid.md"
# To pull, and to write.
WAYS = (
    *("population", "patient", "nightly", "bulk", "bulk-nightly", "files"),
    *("create", "update", "retract"),
)
# The end of a fault that no client can tell from a server that has fewer rows.
NOT_TOLD = "undetectable"
BEGIN, END = "<!-- made: grid -->\n", "<!-- end -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How a fault ended by one way to pull."""

    theme: str
    id: str
    says: str
    seen: str
    way: str
    end: str
    lost: int
    doubled: int
    false: int


@dataclass(frozen=True, slots=True)
class Fault:
    """All cells of a fault."""

    cells: Sequence[Cell]

    def ends(self, ways: Sequence[str]) -> list[str]:
        """How it ended by each way; empty where it was not tried."""
        by_way = {cell.way: cell.end for cell in self.cells}
        return [by_way.get(way, "") for way in ways]


def noted() -> list[Cell]:
    """The cells of the last run."""
    return [Cell(**cell) for cell in json.loads(NOTED.read_text("utf-8"))]


def faults(cells: Sequence[Cell]) -> list[Fault]:
    """The same by fault, in their order."""
    names = dict.fromkeys(cell.id for cell in cells)
    return [Fault([cell for cell in cells if cell.id == name]) for name in names]


def totals(cells: Sequence[Cell]) -> str:
    """The last line; the cells of faults that nobody can tell are counted apart."""
    told = [cell for cell in cells if cell.end != NOT_TOLD]
    ends = [cell.end for cell in told]
    return (
        f"cells {len(told)}, complete {ends.count('complete')}, "
        f"failed closed {ends.count('failed closed')}, "
        f"rows lost {sum(cell.lost for cell in told)}, "
        f"rows doubled {sum(cell.doubled for cell in told)}, "
        f"figures false {sum(cell.false for cell in told)}; "
        f"undetectable {len(cells) - len(told)}"
    )


def themes(cells: Sequence[Cell]) -> Iterator[tuple[str, list[Cell], list[str]]]:
    """Each theme with its cells, and the ways that they were tried in."""
    for theme in dict.fromkeys(cell.theme for cell in cells):
        some = [cell for cell in cells if cell.theme == theme]
        tried = {cell.way for cell in some}
        yield theme, some, [way for way in WAYS if way in tried]


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """The grid for a terminal."""
    width = max(len(cell.id) for cell in cells)
    for theme, some, ways in themes(cells):
        yield "  ".join([theme.ljust(width), *(way.ljust(13) for way in ways)]).rstrip()
        for fault in faults(some):
            ends = (end.ljust(13) for end in fault.ends(ways))
            yield "  ".join([fault.cells[0].id.ljust(width), *ends]).rstrip()
        yield ""
    yield totals(cells)


def markdown(cells: Sequence[Cell]) -> Iterator[str]:
    """The grid for the page."""
    yield f"```text\n{totals(cells)}\n```\n"
    for theme, some, ways in themes(cells):
        yield f"### {theme}\n"
        yield f"| fault | what the server does | seen at | {' | '.join(ways)} |"
        yield "|---|---|---|" + "---|" * len(ways)
        for fault in faults(some):
            one = fault.cells[0]
            says = one.says.replace("|", "\\|")
            yield f"| `{one.id}` | {says} | {one.seen} | {' | '.join(fault.ends(ways))} |"
        yield ""


def page(cells: Sequence[Cell]) -> str:
    """The page with this grid in it."""
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n" + "\n".join(markdown(cells)) + f"\n{END}{after}"


def main() -> None:
    """Print, or write."""
    cells = noted()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(cells), "utf-8")
    sys.stdout.write("\n".join(table(cells)) + "\n")


if __name__ == "__main__":
    main()
