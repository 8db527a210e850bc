"""Splits of units that may carry several marks: two adjuncts, two primary tumours.

Each unit belongs to one atom, the set of its marks. Atoms that are one mark alone, where no unit
carries that mark with another, are named as the mark's own cell.
"""

from collections.abc import Callable, Sequence

import polars as pl

from abate import Split
from abate_analyses.counts import Whole

NOTHING = ""


def splits(
    units: pl.Series, marks: pl.DataFrame, whole: Whole, cell: Callable[[str], str]
) -> Sequence[Split]:
    """How the units fall into atoms, and how each mark's units do.

    Args:
        units: the ids of the units, each once.
        marks: two columns, the unit's id and a mark (`NOTHING` is no mark).
        whole: what the units are.
        cell: the name of the cell of a mark, as a `Split` names it; of `NOTHING`, of the rest.
    """
    sets = _sets(units, marks)
    shared = {mark for marks_of, _ in sets if len(marks_of) > 1 for mark in marks_of}

    def named(marks_of: Sequence[str]) -> str:
        [first, *more] = marks_of or [NOTHING]
        if more or first in shared:
            return f"{whole.population}: exactly {' + '.join(marks_of)}"
        return cell(first)

    parts = {named(marks_of): n for marks_of, n in sets}
    found = [Split(whole=whole.population, parts=parts, basis=whole.basis)]
    for mark in sorted(shared):
        within = {named(marks_of): n for marks_of, n in sets if mark in marks_of}
        found.append(Split(whole=cell(mark), parts=within, basis=whole.basis))
    return found


def _sets(units: pl.Series, marks: pl.DataFrame) -> list[tuple[Sequence[str], int]]:
    """The sets of marks that stand, and how many units have each."""
    unit, mark = marks.columns
    by_unit = marks.unique().group_by(unit).agg(pl.col(mark).sort())
    counted = (
        pl.DataFrame({unit: units})
        .join(by_unit, on=unit, how="left")
        .with_columns(pl.col(mark).list.join("\x1f").fill_null(NOTHING))
        .group_by(mark)
        .len()
        .sort(mark)
    )
    return [([one for one in text.split("\x1f") if one], n) for text, n in counted.rows()]
