"""The last check before a release: can a hidden number be worked out from the shown ones?

It uses another method than the one that chose what to hide: it changes the values of the units so
that every shown sum stays the same. A value that cannot change is known to the reader. A release
that it cannot prove to be safe is refused.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import comb

import numpy as np

from abate.analysis.results import Results
from abate.disclosure.by_patient import counts_beside_lesions, rows_beside_lesions
from abate.disclosure.cells import Cell, CellRow, CellSheet, known_rests, sheet
from abate.disclosure.differences import blocks, values_of
from abate.disclosure.rule import Rule
from abate.disclosure.visible_numbers import Visible, find_visible, refusal

TOGETHER = 4
MOST_GROUPS = 200_000
STILL = 1e-9


def audit(whole: Results, shown: Results, rule: Rule) -> None:
    """Stop a release from which a hidden number can be worked out.

    Raises:
        PublishRefused: names the population that could be worked out, and no number.
    """
    cells = sheet(whole)
    known = find_visible(whole, shown, cells, rule)
    for cell in (*_differences(cells, known, rule), *_sums(cells, known, rule)):
        raise refusal(
            f"the units of {cells.names[cell]} beside others can be worked out from what is shown"
        )


def _differences(sheet: CellSheet, known: Visible, rule: Rule) -> Iterator[int]:
    """Give a cell of each two populations, counts or data that differ by a few units."""
    cells = list(sheet.cells)
    visible = sheet.populations & known.cells
    for cell, other in product(visible, visible):
        if _are_few(_besides(cells[cell], cells[other]), rule):
            yield cell
    for count, rest in known_rests(sheet):
        if count in known.cells and _are_few(rest, rule):
            yield count
    rows = [row for row, place in sheet.rows.items() if place in known.rows]
    for row, another in combinations(rows, 2):
        if _is_near(row, another, rule):
            yield row.cell
    yield from _beside_lesions(sheet, known, rule)


def _beside_lesions(sheet: CellSheet, known: Visible, rule: Rule) -> Iterator[int]:
    """Give the figures of patients that must not be shown beside figures of lesions, but are."""
    for count, other in counts_beside_lesions(sheet, rule):
        if {count, other} <= known.cells:
            yield count
    for row, another in rows_beside_lesions(sheet, rule):
        if {sheet.rows[row], sheet.rows[another]} <= known.rows:
            yield row.cell


def _is_near(row: CellRow, other: CellRow, rule: Rule) -> bool:
    """Whether two estimates used the same data except for a few units."""
    values, another = values_of(row), values_of(other)
    if abs(len(values) - len(another)) >= rule.minimum or values.isdisjoint(another):
        return False
    return _are_few(len({unit for unit, _ in values ^ another}), rule)


def _besides(whole: Cell, part: Cell) -> int:
    is_part = whole.basis == part.basis and part.ids <= whole.ids
    return len(whole.ids) - len(part.ids) if is_part else 0


def _are_few(number: int, rule: Rule) -> bool:
    return 0 < number < rule.minimum


def _sums(sheet: CellSheet, known: Visible, rule: Rule) -> Iterator[int]:
    """Give a cell of each block in which the sum of a few units cannot change."""
    for block in blocks(sheet):
        rows = [row for row in block if row.cell in known.cells]
        atoms = Counter(_atoms(rows).values())
        if atoms and _is_held(_move(np.array(list(atoms), float).T), [*atoms.values()], rule):
            yield rows[0].cell


def _atoms(rows: Sequence[CellRow]) -> dict[tuple[str, str], tuple[bool, ...]]:
    """Return the rows that have the datum of each unit."""
    items = {item for row in rows for item in row.items}
    return {item: tuple(item in row.items for row in rows) for item in items}


def _move(matrix: np.ndarray) -> np.ndarray:
    """Return a random change of each atom's sum that does not change the sum of any row."""
    from scipy.linalg import null_space

    free = null_space(matrix)
    return np.asarray(free @ np.random.default_rng(0).normal(size=free.shape[1]))


def _is_held(moves: np.ndarray, sizes: Sequence[int], rule: Rule) -> bool:
    """Whether the sum of a few atoms with a few units in all does not change."""
    few = [at for at, size in enumerate(sizes) if size < rule.minimum]
    together = max(k for k in range(1, TOGETHER + 1) if k == 1 or comb(len(few), k) <= MOST_GROUPS)
    for number in range(1, min(together, len(few)) + 1):
        groups = np.array(list(combinations(few, number)))
        counted = np.array(sizes)[groups].sum(axis=1)
        still = np.abs(moves[groups].sum(axis=1)) < STILL
        if (still & (counted < rule.minimum)).any():
            return True
    return False
