"""Cells that must add up: what a reader of some of them can work out about the others."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from abate.small_cells.rule import Rule

Relation = tuple[tuple[int, int], ...]
Bounds = tuple[float, float]


class Cell(NamedTuple):
    """How many units have one name. Cells of one name and one number are the same cell."""

    basis: str
    name: str
    value: int


def for_solver(matrix: csr_array) -> csr_array:
    """The matrix with indices of 32 bits: HiGHS in SciPy 1.13 takes no others."""
    indices, starts = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return csr_array((matrix.data, indices, starts), shape=matrix.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Cells and the sums that they make.

    Attributes:
        values: the true number of each cell.
        shown: whether a cell can be shown at all; the others are only known to exist.
        floors: the least that a hidden cell can be, for who knows that it exists.
        costs: what is lost where a cell is hidden.
        relations: pairs of a cell and its coefficient, that add up to 0.
        rule: which cells are hidden.
        forced: cells that are hidden whatever their number: the units beside them are few.
    """

    values: Sequence[int]
    shown: Sequence[bool]
    floors: Sequence[int]
    costs: Sequence[float]
    relations: Sequence[Relation]
    rule: Rule
    forced: frozenset[int] = frozenset()

    def sensitive(self) -> Iterator[int]:
        """The cells whose number may not be known: the small ones.

        A zero that no place would show is not one of them: it says nothing of anybody.
        """
        for cell, value in enumerate(self.values):
            if self.rule.hides(value) and (value > 0 or self.shown[cell]):
                yield cell

    def primary(self) -> list[int]:
        """The cells that are hidden since they are small themselves, or must be."""
        return [*(cell for cell in self.sensitive() if self.shown[cell]), *self.forced]

    def bounds(self, cell: int, *, hidden: bool) -> Bounds:
        """What a reader knows of one cell by itself."""
        value = self.values[cell]
        if not self.shown[cell]:
            return 0, np.inf
        if hidden and self.can_hide(cell):
            return self.floors[cell], np.inf
        return self.rule.known(value)

    def can_hide(self, cell: int) -> bool:
        """Whether hiding it tells a reader less: where zeros are shown, each zero is known."""
        return self.shown[cell] and (self.rule.hides_zero or self.values[cell] > 0)

    def target(self, cell: int) -> tuple[int, int]:
        """The numbers that a reader must think possible for a small cell: from, to.

        Under a minimum of 2 a hidden number would be 1, if 2 did not look possible too.
        """
        low = self.floors[cell] if self.shown[cell] else 1
        return low, max(self.rule.minimum - 1, 2)

    def matrix(self) -> csr_array:
        """The relations as a matrix: one row a relation, one column a cell."""
        entries = [
            (row, cell, coefficient)
            for row, relation in enumerate(self.relations)
            for cell, coefficient in relation
        ]
        rows, cells, coefficients = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(self.relations), len(self.values))
        return csr_array((np.array(coefficients, float), (rows, cells)), shape=shape)


@dataclass(slots=True)
class Builder:
    """Collects cells and sums; a cell is named by what it counts."""

    rule: Rule
    index: dict[Cell, int] = field(default_factory=dict)
    costs: dict[int, float] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    relations: dict[Relation, None] = field(default_factory=dict)
    forced: set[int] = field(default_factory=set)

    def atom(self, cell: Cell) -> int:
        """A cell that is not shown, unless it is elsewhere."""
        return self.index.setdefault(cell, len(self.index))

    def shown(self, cell: Cell, cost: float, *, exists: bool = False) -> int:
        """A cell that can be shown: each place that shows it adds to its cost.

        Args:
            cell: what it counts.
            cost: what is lost where it is hidden.
            exists: whether the place would not be there if the number were 0.
        """
        found = self.atom(cell)
        self.costs[found] = self.costs.get(found, float(np.log2(1 + max(cell.value, 0)))) + cost
        least = 1 if exists or not self.rule.hides_zero else 0
        self.floors[found] = max(self.floors.get(found, 0), least)
        return found

    def sum(self, whole: int, parts: Iterable[int]) -> None:
        """The whole is the sum of its parts."""
        counted = Counter({whole: -1})
        counted.update(Counter(parts))
        relation = tuple(sorted((cell, number) for cell, number in counted.items() if number))
        if relation:
            self.relations[relation] = None

    def built(self) -> System:
        """What was collected."""
        cells = range(len(self.index))
        return System(
            values=[cell.value for cell in self.index],
            shown=[cell in self.costs for cell in cells],
            floors=[self.floors.get(cell, 0) for cell in cells],
            costs=[self.costs.get(cell, 0.0) for cell in cells],
            relations=list(self.relations),
            rule=self.rule,
            forced=frozenset(self.forced),
        )
