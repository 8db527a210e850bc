"""Print the fault grid as the last `make grid` found it, or write its page with `--write`."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTED = ROOT / "build" / "fault-grid.json"
PAGE = ROOT / "docs" / "reference" / "fault-grid.md"
WAYS = ("population", "patient", "nightly", "bulk", "bulk-nightly", "files")
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


@dataclass(frozen=True, slots=True)
class Fault:
    """All cells of a fault."""

    cells: Sequence[Cell]

    def ends(self, ways: Sequence[str] = WAYS) -> list[str]:
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


def tried(cells: Sequence[Cell]) -> list[str]:
    """The ways that some of the faults were tried in."""
    found = {cell.way for cell in cells}
    return [way for way in WAYS if way in found]


def totals(cells: Sequence[Cell]) -> str:
    """The last line."""
    ends = [cell.end for cell in cells]
    return (
        f"cells {len(cells)}, complete {ends.count('complete')}, "
        f"failed closed {ends.count('failed closed')}, "
        f"rows lost {sum(cell.lost for cell in cells)}, "
        f"rows doubled {sum(cell.doubled for cell in cells)}"
    )


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """The grid for a terminal."""
    width = max(len(cell.id) for cell in cells)
    yield "  ".join(["fault".ljust(width), *(way.ljust(13) for way in WAYS)]).rstrip()
    for fault in faults(cells):
        ends = (end.ljust(13) for end in fault.ends())
        yield "  ".join([fault.cells[0].id.ljust(width), *ends]).rstrip()
    yield totals(cells)


def markdown(cells: Sequence[Cell]) -> Iterator[str]:
    """The grid for the page."""
    yield f"```text\n{totals(cells)}\n```\n"
    for theme in dict.fromkeys(cell.theme for cell in cells):
        yield f"### {theme}\n"
        of_theme = [cell for cell in cells if cell.theme == theme]
        ways = tried(of_theme)
        yield f"| fault | what the server does | seen at | {' | '.join(ways)} |"
        yield "|---" * (3 + len(ways)) + "|"
        for fault in faults(of_theme):
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
