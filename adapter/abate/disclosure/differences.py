"""What follows from the numbers that are shown: the differences of two, and of several.

Two populations of which one is a part of the other show how many units the larger one has besides.
Two estimates that used the same data but for a few units show these units' values. And where all
lesions, the women's and the men's are shown, so are those of unknown sex.
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
# So many sets are enough for one look: what is hidden for them mends others.
AT_ONCE = 12

Pair = tuple[int, int]
Block = Sequence[CellRow]


def blocks(sheet: CellSheet) -> list[Block]:
    """The rows of data that hang together: each shares data with another one of its block."""
    rows = list(sheet.rows)
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
    groups: dict[int, list[CellRow]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(root(place), []).append(row)
    return list(groups.values())


def pair_nested(sheet: CellSheet, known: Iterable[Block], rule: Rule) -> Iterator[Pair]:
    """Pairs of cells of which the larger one has a few units besides.

    Of two populations, whatever was asked of them; and of all cells of which the same was asked.
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
    """Pairs of rows of data that differ by a few units: one lacks them, or has another datum.

    Nobody knows which datum an empty key is: such a row could be of any data of its units.
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
    """The units of which a datum was used."""
    return frozenset(item for item in row.items if item[1] != NO_DATUM)


@dataclass(frozen=True, slots=True)
class Sums:
    """How the rows of one block add up.

    Attributes:
        cells: of each row.
        wholes: of a row, the places of those that are known to a reader if it is shown.
        masks: of each atom (the units that are in the same rows) the rows, as the bits of a number.
        sizes: how many units each atom has.
    """

    cells: Sequence[int]
    wholes: Mapping[int, set[int]]
    masks: Sequence[int]
    sizes: Sequence[int]

    @classmethod
    def of(cls, block: Block, wholes: Mapping[CellRow, Collection[CellRow]]) -> "Sums":
        """The sums of a block."""
        places = {row: at for at, row in enumerate(block)}
        masks: dict[tuple[str, str], int] = {}
        for row, at in places.items():
            for item in row.items:
                masks[item] = masks.get(item, 0) | 1 << at
        atoms = Counter(masks.values())
        known = {at: {places[whole] for whole in wholes.get(row, ())} for row, at in places.items()}
        return cls([row.cell for row in block], known, list(atoms), list(atoms.values()))

    def groups(self, hidden: Collection[int], rule: Rule, until: float) -> list[set[int]]:
        """The cells from which the number of a few units follows together; none if none does.

        One of each set must be hidden; then look again. All cells that are shown are a set where
        it cannot be told in time.

        Args:
            hidden: the cells that are not shown.
            rule: how many units are few.
            until: when to give up.
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
        """The cells of rows; in the place of one that is only known, that of which it is known."""
        parts = {at for at in shown if self.wholes[at] & used - shown}
        return {self.cells[at] for at in used & shown | parts or shown}

    def _find_known(self, shown: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """One row a row that is known, one column an atom of these; and the atoms' sizes."""
        atoms: Counter[tuple[int, ...]] = Counter()
        for mask, size in zip(self.masks, self.sizes, strict=True):
            atoms[tuple(mask >> at & 1 for at in shown)] += size
        kept = {atom: size for atom, size in atoms.items() if any(atom)}
        return np.array(list(kept), float).reshape(-1, len(shown)).T, np.array(list(kept.values()))


def _factors(
    matrix: np.ndarray, sizes: np.ndarray, minimum: int, until: float
) -> Iterator[np.ndarray]:
    """The factors by which rows add up to a few units, to none of them less than 0.

    Raises:
        ArithmeticError: it cannot be told, or not in time.
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
    """The small atoms that no other sizes of all atoms show to be large enough, perhaps.

    Sizes with the same sums are as possible to a reader as the true ones: they prove at once all
    atoms that have `minimum` units in them.
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
    """The factors by which the rows add up to one atom and as few other units as can be.

    The number of units is the most that the atom can have, for who knows the sums.
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
    """The least costs.

    Raises:
        ArithmeticError: the solver gave up.
    """
    from scipy.optimize import linprog

    solution = linprog(costs, method="highs", **limits)
    if solution.status != 0:
        raise ArithmeticError(solution.message)
    return np.asarray(solution.x)
