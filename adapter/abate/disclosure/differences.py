"""Numbers that can be worked out from the shown ones: differences of two, and of several.

If one population is a part of another, the difference of their sizes is known. Two estimates that
used the same data except for a few units disclose the values of these units. And if all lesions,
the women's and the men's are shown, the number of lesions of unknown sex is known.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from time import monotonic
from typing import Any

import numpy as np

from abate.cohort.units import NO_DATUM
from abate.disclosure.cells import Cell, CellRow, CellSheet
from abate.disclosure.rule import Rule

TOLERANCE = 1e-6
# The search stops at this number of sets: hiding cells for them also solves others.
AT_ONCE = 12

Pair = tuple[int, int]
Block = Sequence[CellRow]


def blocks(sheet: CellSheet) -> list[Block]:
    """Return the connected rows: each shares data with another one, or is chosen from it."""
    rows = list(sheet.rows)
    places = {row: place for place, row in enumerate(rows)}
    parent = list(range(len(rows)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, row in enumerate(rows):
        for item in row.items:
            parent[root(place)] = root(first.setdefault(item, place))
    # A row without units shares no data with the rows that it was chosen from.
    for part, wholes in sheet.wholes.items():
        for whole in wholes:
            parent[root(places[part])] = root(places[whole])
    groups: dict[int, list[CellRow]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(root(place), []).append(row)
    return list(groups.values())


def pair_nested(sheet: CellSheet, known: Iterable[Block], rule: Rule) -> Iterator[Pair]:
    """Give the pairs of cells of which the larger one has only a few more units.

    All populations are compared, and all cells with the same question.
    """
    cells = list(sheet.cells)
    for basis in {cell.basis for cell in cells}:
        yield from _pair_nested(
            cells,
            [population for population in sheet.populations if cells[population].basis == basis],
            rule,
        )
    for rows in known:
        yield from _pair_nested(cells, {row.cell for row in rows}, rule)


def _pair_nested(cells: Sequence[Cell], places: Collection[int], rule: Rule) -> Iterator[Pair]:
    ordered = sorted(places, key=lambda place: (len(cells[place].ids), place))
    for at, part in enumerate(ordered):
        for whole in ordered[at + 1 :]:
            besides = len(cells[whole].ids) - len(cells[part].ids)
            if besides >= rule.minimum:
                break
            if besides and cells[part].ids < cells[whole].ids:
                yield whole, part


def overlapping(sheet: CellSheet, known: Iterable[Block], rule: Rule) -> Iterator[Pair]:
    """Give the pairs of rows that differ by a few units: one lacks them, or has another datum.

    An empty key is an unknown datum, so such a row could have any data of its units.
    """
    used = {mention.row for mention in sheet.estimates.values()}
    places = {row: place for row, place in sheet.rows.items() if place in used}
    cells = list(sheet.cells)
    for rows in known:
        yield from _overlapping(places, [row for row in rows if row in places], rule)
    unclear = [row for row in places if any(not datum for _, datum in row.items)]
    for row, other in product(unclear, places):
        (basis, units), (other_basis, others) = cells[row.cell], cells[other.cell]
        if basis == other_basis and 0 < len(units ^ others) < rule.minimum:
            yield places[row], places[other]


def _overlapping(places: dict[CellRow, int], rows: Iterable[CellRow], rule: Rule) -> Iterator[Pair]:
    used = [(values_of(row), places[row]) for row in rows]
    ordered = sorted(used, key=lambda pair: (len(pair[0]), pair[1]))
    for at, (items, place) in enumerate(ordered):
        for other, another in ordered[at + 1 :]:
            if len(other) - len(items) >= rule.minimum:
                break
            if 0 < len({unit for unit, _ in items ^ other}) < rule.minimum:
                yield place, another


def values_of(row: CellRow) -> frozenset[tuple[str, str]]:
    """Return the units of which a datum was used."""
    return frozenset(item for item in row.items if item[1] != NO_DATUM)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of the rows of one block.

    Attributes:
        cells: the cell of each row.
        wholes: the rows that a reader knows if a row is shown.
        masks: for each atom (the units that are in the same rows) its rows as bits of a number.
        sizes: the number of units of each atom.
    """

    cells: Sequence[int]
    wholes: Mapping[int, set[int]]
    masks: Sequence[int]
    sizes: Sequence[int]

    @classmethod
    def of(cls, block: Block, wholes: Mapping[CellRow, Collection[CellRow]]) -> "Sums":
        """Return the sums of a block."""
        places = {row: at for at, row in enumerate(block)}
        masks: dict[tuple[str, str], int] = {}
        for row, at in places.items():
            for item in row.items:
                masks[item] = masks.get(item, 0) | 1 << at
        atoms = Counter(masks.values())
        known = {at: {places[whole] for whole in wholes.get(row, ())} for row, at in places.items()}
        return cls([row.cell for row in block], known, list(atoms), list(atoms.values()))

    def groups(self, hidden: Collection[int], rule: Rule, until: float) -> list[set[int]]:
        """Return sets of cells from which the number of a few units can be worked out.

        One cell of each set must be hidden; then this must be called again. If the time is over,
        all shown cells are one set.

        Args:
            hidden: the cells that are not shown.
            rule: has the minimum of units.
            until: the end of the time.
        """
        shown = {at for at, cell in enumerate(self.cells) if cell not in hidden}
        known = sorted(shown.union(*(self.wholes[at] for at in shown)))
        if not known:
            return []
        matrix, sizes = self._find_known(known)
        try:
            factors = list(_factors(matrix, sizes, rule.minimum, until))
        except ArithmeticError:
            return [{self.cells[at]} for at in shown]
        used = [
            {known[at] for at in np.flatnonzero(np.abs(factor) > TOLERANCE)} for factor in factors
        ]
        return [self._shown(cells, shown) for cells in used]

    def _shown(self, used: set[int], shown: set[int]) -> set[int]:
        """Return the cells of rows; a known row without a number is replaced by its part."""
        parts = {at for at in shown if self.wholes[at] & used - shown}
        return {self.cells[at] for at in used & shown | parts or shown}

    def _find_known(self, shown: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return a matrix of the known rows by their atoms, and the sizes of the atoms."""
        atoms: Counter[tuple[int, ...]] = Counter()
        for mask, size in zip(self.masks, self.sizes, strict=True):
            atoms[tuple(mask >> at & 1 for at in shown)] += size
        kept = {atom: size for atom, size in atoms.items() if any(atom)}
        return np.array(list(kept), float).reshape(-1, len(shown)).T, np.array(list(kept.values()))


def _factors(
    matrix: np.ndarray, sizes: np.ndarray, minimum: int, until: float
) -> Iterator[np.ndarray]:
    """Give the factors by which rows add up to a few units, with no unit below 0.

    Raises:
        ArithmeticError: there is no solution in time.
    """
    count = 0
    for atom in _find_unproved(matrix, sizes, minimum):
        if monotonic() > until:
            raise ArithmeticError("out of time")
        factors = _fewest(matrix, sizes, atom)
        if float(matrix @ sizes @ factors) < minimum - TOLERANCE:
            yield factors
            count += 1
        if count == AT_ONCE:
            return


def _find_unproved(matrix: np.ndarray, sizes: np.ndarray, minimum: int) -> list[int]:
    """Return the small atoms that may be known, because no other possible sizes disprove it.

    Sizes with the same sums are as possible to a reader as the true ones: an atom that has
    `minimum` units in one of them is safe.
    """
    left = np.flatnonzero(sizes < minimum)
    while len(left):
        high = np.full(len(sizes), np.inf)
        high[left] = minimum
        costs = np.where(np.isfinite(high), -1.0, 0.0)
        other = _solve(
            costs,
            A_eq=matrix,
            b_eq=matrix @ sizes,
            bounds=np.column_stack([np.zeros(len(high)), high]),
        )
        still = left[other[left] < minimum - TOLERANCE]
        if len(still) == len(left):
            break
        left = still
    return [int(atom) for atom in left]


def _fewest(matrix: np.ndarray, sizes: np.ndarray, atom: int) -> np.ndarray:
    """Return the factors by which the rows add up to one atom and the fewest other units.

    This number of units is the largest possible size of the atom for a reader of the sums.
    """
    return _solve(
        matrix @ sizes,
        A_ub=-matrix.T,
        b_ub=np.zeros(matrix.shape[1]),
        A_eq=matrix[:, atom][None, :],
        b_eq=[1.0],
        bounds=(None, None),
    )


def _solve(costs: np.ndarray, **limits: Any) -> np.ndarray:
    """Solve a linear program.

    Raises:
        ArithmeticError: the solver failed.
    """
    from scipy.optimize import linprog

    solution = linprog(costs, method="highs", **limits)
    if solution.status != 0:
        raise ArithmeticError(solution.message)
    return np.asarray(solution.x)
