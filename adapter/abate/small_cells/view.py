"""What a reader knows while some cells are hidden, and which unknown cells hang together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from abate.small_cells.search import End, Limits
from abate.small_cells.stack import Problem
from abate.small_cells.system import System


@dataclass(frozen=True, slots=True)
class Part:
    """Unknown cells that hang together by sums, and these sums.

    Attributes:
        cells: the places of the unknown cells.
        sums: the places of the sums.
        inner: the sums' coefficients of these cells.
        whole: the sums' coefficients of all cells.
        right: what the unknown cells of each sum add up to.
    """

    cells: np.ndarray
    sums: np.ndarray
    inner: csr_array
    whole: csr_array
    right: np.ndarray


@dataclass(slots=True)
class View:
    """What a reader knows while some cells are hidden.

    Attributes:
        hidden: these cells.
        limits: the least and the most of each cell.
        true: the true numbers.
        labels: the part of each cell.
        sums: the part of each sum.
        touching: one row a cell, one column a part: 1 where a cell is in a sum of the part.
        parts: those that were asked for.
    """

    hidden: frozenset[int]
    limits: Limits
    true: np.ndarray
    labels: np.ndarray
    sums: np.ndarray
    touching: csr_array
    parts: dict[int, Part] = field(default_factory=dict)

    def part(self, cell: int) -> Part:
        """The unknown cells around one."""
        label = int(self.labels[cell])
        if label not in self.parts:
            self.parts[label] = self._part(label)
        return self.parts[label]

    def _part(self, label: int) -> Part:
        cells, sums = np.flatnonzero(self.labels == label), np.flatnonzero(self.sums == label)
        rows, fixed = self.limits.matrix[sums], self.true.copy()
        fixed[cells] = 0
        return Part(cells, sums, rows[:, cells], rows, -(rows @ fixed))

    def problem(self, end: End) -> Problem:
        """How near the reader can think a cell to an end."""
        part = self.part(end.cell)
        low, high = self.limits.low[part.cells], self.limits.high[part.cells]
        at = int(np.searchsorted(part.cells, end.cell))
        if end.sign < 0:
            high[at] = min(high[at], end.number)
        return Problem(end=end, at=at, sums=part.inner, right=part.right, low=low, high=high)

    def unproved(self, ends: Sequence[End], tables: Sequence[np.ndarray]) -> list[End]:
        """The ends that none of the tables shows to be possible.

        A table proves an end where its part agrees with what is known; beyond the part, the true
        numbers can stand.
        """
        if not ends:
            return []
        stacked = np.array(tables)
        outside = (stacked < self.limits.low) | (stacked > self.limits.high)
        broken = (self.touching.T @ outside.T.astype(np.float32)).T > 0
        cells, signs, numbers = np.array(ends).T
        has = signs * stacked[:, cells] <= signs * numbers
        proved = (has & ~broken[:, self.labels[cells]]).any(axis=0)
        return [end for end, one in zip(ends, proved, strict=True) if not one]


def view_of(system: System, hidden: frozenset[int], matrix: csr_array, true: np.ndarray) -> View:
    """What a reader knows while these cells are hidden."""
    cells = range(len(system.values))
    known = [system.bounds(cell, hidden=cell in hidden) for cell in cells]
    low, high = np.array(known, float).reshape(-1, 2).T
    count, labels = connected_components(_graph(matrix, low < high))
    ours, sums = np.split(labels, [len(low)])
    entries = matrix.tocoo()
    rows = np.concatenate((entries.col, np.arange(len(low))))
    columns = np.concatenate((sums[entries.row], ours))
    touching = csr_array((np.ones(len(rows), np.float32), (rows, columns)), (len(low), count))
    return View(hidden, Limits(low, high, matrix), true, ours, sums, touching)


def _graph(matrix: csr_array, unknown: np.ndarray) -> csr_array:
    """Unknown cells and sums, each cell tied to the sums that hold it."""
    entries = matrix.tocoo()
    kept = unknown[entries.col]
    ties = csr_array(
        (np.ones(kept.sum()), (entries.row[kept], entries.col[kept])), shape=matrix.shape
    )
    return block_array([[None, ties.T], [ties, None]], format="csr")
