"""Tables and charts as they may leave the house: only what cites estimates that stand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abate.analysis.model import Cell, Chart, Ref, Result, Table

# A cell that is a number in words: `3`, `12 %`, `< 5`, `3 (12 %)`, `3/11`.
NUMBER = re.compile(r"\s*[<>≤≥]?\s*-?\d[\d.,]*\s*([%/(±-].*)?")
DIGIT = re.compile(r"\d")


def table(given: Table, whole: Result, shown: Result) -> Table:
    """A table without the rows that cite nothing that is shown; its own numbers are left out."""
    rows = [
        [None if is_number(cell) else cell for cell in row]
        for row in given.rows
        if stands(row, whole, shown)
    ]
    return replace(given, rows=rows)


def chart(given: Chart, whole: Result, shown: Result) -> Chart:
    """A chart without the rows that cite nothing, or anything that is withheld."""
    data = {
        name: [row for row in rows if drawn(list(row.values()), whole, shown)]
        for name, rows in given.data.items()
    }
    alt = given.title if DIGIT.search(given.alt) else given.alt
    return replace(given, data=data, alt=alt)


def holds_values(spec: Any) -> bool:
    """Whether a chart's specification holds data of its own."""
    if isinstance(spec, Mapping):
        held = "datasets" in spec or (
            isinstance(spec.get("data"), Mapping) and set(spec["data"]) - {"name", "format"}
        )
        return bool(held) or any(holds_values(part) for part in spec.values())
    return isinstance(spec, list | tuple) and any(holds_values(part) for part in spec)


def is_number(cell: Cell) -> bool:
    """Whether a cell says a number that no estimate answers for."""
    if isinstance(cell, str):
        return NUMBER.fullmatch(cell) is not None
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def stands(row: Sequence[Cell], whole: Result, shown: Result) -> bool:
    """Whether a table's row cites anything, and not only what is withheld."""
    refs = _refs(row)
    if _is_gone(refs, shown):
        return False
    lost = [ref for ref in refs if is_lost(ref, whole, shown)]
    return bool(refs) and (not lost or any(shown.cited(ref) is not None for ref in refs))


def drawn(row: Sequence[Cell], whole: Result, shown: Result) -> bool:
    """Whether a chart's row cites anything, and nothing that is withheld."""
    refs = _refs(row)
    return (
        bool(refs)
        and not _is_gone(refs, shown)
        and not any(is_lost(ref, whole, shown) for ref in refs)
    )


def is_lost(ref: Ref, whole: Result, shown: Result) -> bool:
    """Whether a number is known, and is not shown."""
    return shown.cited(ref) is None and whole.cited(ref) is not None


def _is_gone(refs: Sequence[Ref], shown: Result) -> bool:
    """Whether an estimate is cited that is not there any more."""
    names = {estimate.name for estimate in shown.estimates}
    return any(ref.estimate not in names for ref in refs)


def _refs(row: Sequence[Cell]) -> list[Ref]:
    return [cell for cell in row if isinstance(cell, Ref)]
