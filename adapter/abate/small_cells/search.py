"""Search for many tables at once: each found shows that ends look possible, and proves itself.

One integer program that makes many cells small (or large) together finds in one go what would take
hundreds; what it does not find is asked elsewhere.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from abate.small_cells.system import for_solver

TOLERANCE = 1e-6
ATTEMPTS = 12
SECONDS = 2.0
GAP = 0.02


class End(NamedTuple):
    """One end of what must look possible: the cell is at most (sign 1), or at least, a number."""

    cell: int
    sign: int
    number: int


class Limits(NamedTuple):
    """The least and the most of each cell, as a reader knows them, and the sums that hold."""

    low: np.ndarray
    high: np.ndarray
    matrix: csr_array

    def hold(self, table: np.ndarray) -> bool:
        """Whether a table of whole numbers could be the true one."""
        within = (table >= self.low).all() and (table <= self.high).all()
        return bool(within) and bool((self.matrix @ table == 0).all())


def reached(end: End, tables: np.ndarray) -> bool:
    """Whether one of the tables, one a row, has the end."""
    column = tables[:, end.cell]
    return bool((end.sign * column <= end.sign * end.number).any())


def search(
    limits: Limits, ends: Sequence[End], true: np.ndarray, attempts: int = ATTEMPTS
) -> list[np.ndarray]:
    """Tables within the limits that have many of the ends.

    Args:
        limits: what a reader knows.
        ends: what the tables should have.
        true: the true table: it is within the limits.
        attempts: how often at most.
    """
    found, open_, random = list[np.ndarray](), list(ends), np.random.default_rng(0)
    for attempt in range(attempts):
        before = len(open_)
        for sign in (1, -1):
            group = [end for end in open_ if end.sign == sign]
            weights = np.ones(len(group)) if attempt == 0 else random.random(len(group)) + 0.01
            table = _together(limits, group, weights, true) if group else None
            if table is not None:
                found.append(table)
                open_ = [end for end in open_ if not reached(end, table[None, :])]
        if not open_ or (attempt > 2 and len(open_) == before):
            break
    return found


def _together(
    limits: Limits, group: Sequence[End], weights: np.ndarray, true: np.ndarray
) -> np.ndarray | None:
    """One table in which the cells of the group are as small (or as large) as they can be."""
    cells = [end.cell for end in group]
    costs, high = np.zeros(len(true)), limits.high.copy()
    costs[cells] = weights * group[0].sign
    if group[0].sign < 0:
        enough = np.maximum([end.number for end in group], true[cells])
        high[cells] = np.minimum(high[cells], enough)
    return _solved(costs, limits._replace(high=high))


def _solved(costs: np.ndarray, limits: Limits) -> np.ndarray | None:
    """A table of least costs, or nearly; None where the solver finds none in time."""
    matrix = limits.matrix
    solved = milp(
        costs,
        constraints=LinearConstraint(for_solver(matrix), 0, 0) if matrix.shape[0] else (),
        bounds=Bounds(limits.low, limits.high),
        integrality=np.ones(len(costs)),
        options={"time_limit": SECONDS, "mip_rel_gap": GAP},
    )
    if solved.x is None:
        return None
    table = np.round(solved.x)
    return table if limits.hold(table) else None
