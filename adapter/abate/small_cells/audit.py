"""The last look before the release: can a hidden number be worked out from what is shown?

It reads the released results anew, and asks for each small cell of the whole results whether the
shown numbers leave both ends of the rule possible, over all sums at once: by another way than the
one that chose what to hide. What it cannot show to be safe is not released.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from abate.results import Results
from abate.small_cells.narrow import narrowed, nearest
from abate.small_cells.rule import Rule
from abate.small_cells.search import End, Limits, reached, search
from abate.small_cells.seen import Known, refused, seen
from abate.small_cells.sheet import sheet
from abate.small_cells.system import System, for_solver

SECONDS = 10.0


def audit(whole: Results, shown: Results, rule: Rule) -> None:
    """Stop a release that lets a hidden number follow.

    Raises:
        PublishRefused: names the population that could be worked out, and no number.
    """
    cells = sheet(whole, rule)
    known = seen(whole, shown, cells, rule)
    for cell in derivable(cells.system, known):
        raise refused(f"the number of {cells.names[cell]} follows from what is shown")


def derivable(system: System, known: Known) -> list[int]:
    """The small cells of which a reader learns more than the rule says.

    Args:
        system: the true numbers and their sums.
        known: the least and the most of each cell that the reader sees.
    """
    now, most = _Tables(system, known), _Tables(system, {})
    allowed = narrowed(most.limits)
    ends = [
        nearest(end, allowed)
        for cell, (low, high) in ((cell, system.target(cell)) for cell in system.sensitive())
        for end in (End(cell, 1, low), End(cell, -1, high))
    ]
    attainable = [most.nearest(end) for end in now.not_found(ends)]
    lost = [end for end in now.not_found(attainable) if not now.possible(end)]
    return list(dict.fromkeys(end.cell for end in lost))


class _Tables:
    """The tables of whole numbers that agree with what is known; those found serve again."""

    def __init__(self, system: System, known: Known) -> None:
        cells = range(len(system.values))
        limits = [known.get(cell, system.bounds(cell, hidden=True)) for cell in cells]
        low, high = np.array(limits, float).reshape(-1, 2).T
        self.limits = Limits(low, high, system.matrix())
        self.true = np.array(system.values, float)
        self.found = [self.true]

    def not_found(self, ends: Sequence[End]) -> list[End]:
        """The ends that a quick search finds in no table."""
        left = [end for end in ends if not reached(end, np.array(self.found))]
        if left:
            self.found += search(self.limits, left, self.true)
        return [end for end in left if not reached(end, np.array(self.found))]

    def possible(self, end: End) -> bool:
        """Whether a table has the end; what the solver cannot tell counts as no."""
        if reached(end, np.array(self.found)):
            return True
        high, low = self.limits.high.copy(), self.limits.low.copy()
        (high if end.sign > 0 else low)[end.cell] = end.number
        return self._solved(np.zeros(len(low)), low, high) is not None

    def nearest(self, end: End) -> End:
        """The number nearest to an end that any table has; the end where the solver cannot tell."""
        if reached(end, np.array(self.found)):
            return end
        high, costs = self.limits.high.copy(), np.zeros(len(self.true))
        costs[end.cell] = end.sign
        if end.sign < 0:
            high[end.cell] = min(high[end.cell], max(end.number, self.true[end.cell]))
        table = self._solved(costs, self.limits.low, high)
        if table is None:
            return end
        best = int(table[end.cell])
        return end._replace(number=max(best, end.number) if end.sign > 0 else min(best, end.number))

    def _solved(self, costs: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
        if (low > high).any():
            return None
        matrix = self.limits.matrix
        solved = milp(
            costs,
            constraints=LinearConstraint(for_solver(matrix), 0, 0) if matrix.shape[0] else (),
            bounds=Bounds(low, high),
            integrality=np.ones(len(low)),
            options={"time_limit": SECONDS},
        )
        if solved.status != 0:
            return None
        self.found.append(np.round(solved.x))
        return self.found[-1]
