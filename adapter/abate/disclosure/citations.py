"""Released tables and charts: only rows that cite shown estimates."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abate.analysis.model import Cell, Chart, Ref, Result, Table

# A text that is a number: `3`, `12 %`, `< 5`, `3 (12 %)`, `3/11`.
NUMBER = re.compile(r"\s*[<>≤≥]?\s*-?\d[\d.,]*\s*([%/(±-].*)?")
DIGIT = re.compile(r"\d")


def table(given: Table, whole: Result, shown: Result) -> Table:
    """Remove the rows of a table that cite nothing that is shown, and its own numbers."""
    rows = [
        [None if is_number(cell) else cell for cell in row]
        for row in given.rows
        if stands(row, whole, shown)
    ]
    return replace(given, rows=rows)


def chart(given: Chart, whole: Result, shown: Result) -> Chart:
    """Remove the rows of a chart that cite nothing, or a withheld estimate."""
    data = {
        name: [row for row in rows if drawn(list(row.values()), whole, shown)]
        for name, rows in given.data.items()
    }
    alt = given.title if DIGIT.search(given.alt) else given.alt
    return replace(given, data=data, alt=alt)


def holds_values(spec: Any) -> bool:
    """Whether a chart's specification has its own data."""
    if isinstance(spec, Mapping):
        held = "datasets" in spec or (
            isinstance(spec.get("data"), Mapping) and set(spec["data"]) - {"name", "format"}
        )
        return bool(held) or any(holds_values(part) for part in spec.values())
    return isinstance(spec, list | tuple) and any(holds_values(part) for part in spec)


def is_number(cell: Cell) -> bool:
    """Whether a cell is a number that does not cite an estimate."""
    if isinstance(cell, str):
        return NUMBER.fullmatch(cell) is not None
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def stands(row: Sequence[Cell], whole: Result, shown: Result) -> bool:
    """Whether a table's row cites an estimate that is not withheld."""
    refs = _refs(row)
    if _is_gone(refs, shown):
        return False
    lost = [ref for ref in refs if is_lost(ref, whole, shown)]
    return bool(refs) and (not lost or any(shown.cited(ref) is not None for ref in refs))


def drawn(row: Sequence[Cell], whole: Result, shown: Result) -> bool:
    """Whether a chart's row cites estimates, and none of them is withheld."""
    refs = _refs(row)
    return (
        bool(refs)
        and not _is_gone(refs, shown)
        and not any(is_lost(ref, whole, shown) for ref in refs)
    )


def is_lost(ref: Ref, whole: Result, shown: Result) -> bool:
    """Whether a cited number exists but is not shown."""
    return shown.cited(ref) is None and whole.cited(ref) is not None


def _is_gone(refs: Sequence[Ref], shown: Result) -> bool:
    """Whether an estimate is cited that was removed."""
    names = {estimate.name for estimate in shown.estimates}
    return any(ref.estimate not in names for ref in refs)


def _refs(row: Sequence[Cell]) -> list[Ref]:
    return [cell for cell in row if isinstance(cell, Ref)]
