"""Many small linear programs solved as one: the solver is called once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import block_diag, csr_array

from abate.small_cells.search import TOLERANCE, End
from abate.small_cells.system import for_solver

SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The least (or the most) that one cell can be, not farther than is asked.

    Attributes:
        end: what is asked.
        at: the place of its cell.
        sums: one row a sum, one column an unknown cell.
        right: what the unknown cells of each sum add up to.
        low: the least of each cell.
        high: the most of each cell.
    """

    end: End
    at: int
    sums: csr_array
    right: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def costs(self) -> np.ndarray:
        """What is made least."""
        costs = np.zeros(len(self.low))
        costs[self.at] = self.end.sign
        return costs

    def reaching(self) -> "Problem":
        """Any table that has the end."""
        low, high = self.low.copy(), self.high.copy()
        (high if self.end.sign > 0 else low)[self.at] = self.end.number
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Solution:
    """The numbers of the cells, and the prices of the sums and of the cells' bounds."""

    table: np.ndarray
    sums: np.ndarray
    bounds: np.ndarray

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        return bool(np.abs(self.table - np.round(self.table)).max(initial=0.0) < TOLERANCE)


def solved(problems: Sequence[Problem]) -> list[Solution]:
    """The solution of each, in fractions where need be.

    Raises:
        ArithmeticError: the solver gave up.
    """
    found = linprog(
        np.concatenate([one.costs for one in problems]),
        A_eq=for_solver(block_diag([one.sums for one in problems], format="csr")),
        b_eq=np.concatenate([one.right for one in problems]),
        bounds=np.column_stack([np.concatenate([one.low for one in problems]),
                                np.concatenate([one.high for one in problems])]),
        method="highs",
    )  # fmt: skip
    if found.status != 0:
        raise ArithmeticError(found.message)
    cells = np.cumsum([len(one.low) for one in problems])[:-1]
    sums = np.cumsum([len(one.right) for one in problems])[:-1]
    return list(
        map(
            Solution,
            np.split(found.x, cells),
            np.split(found.eqlin.marginals, sums),
            np.split(found.lower.marginals + found.upper.marginals, cells),
        )
    )


def whole_table(problem: Problem) -> np.ndarray | None:
    """The best table of whole numbers, or None if there is none.

    Raises:
        ArithmeticError: the solver gave up.
    """
    if (problem.low > problem.high).any():
        return None
    held = LinearConstraint(for_solver(problem.sums), problem.right, problem.right)
    found = milp(
        problem.costs,
        constraints=held if len(problem.right) else (),
        bounds=Bounds(problem.low, problem.high),
        integrality=np.ones(len(problem.low)),
        options={"time_limit": SECONDS},
    )
    if found.status == 2:
        return None
    if found.status != 0:
        raise ArithmeticError(found.message)
    return np.asarray(np.round(found.x))
