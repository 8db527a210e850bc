"""What a reader can work out about the hidden cells, and from which shown ones.

The reader knows the rule, all that is shown, all sums, and that a hidden number is at least 1
(at least 0 where zeros are hidden too). A small cell is safe while both ends of what the rule says
of it, 1 and `minimum - 1`, look possible: some table of whole numbers agrees with all that is
known, and has that end. A table that was found proves an end wherever it still agrees; only what
no table proves is asked of a solver, many ends at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from abate.small_cells.narrow import narrowed, nearest
from abate.small_cells.search import TOLERANCE, End, search
from abate.small_cells.stack import Solution, solved, whole_table
from abate.small_cells.system import System
from abate.small_cells.view import Part, View, view_of

AT_ONCE = 4
Culprits = frozenset[int]


@dataclass(slots=True)
class Reader:
    """A reader of a system's shown cells. Remembers the tables that were found."""

    system: System
    matrix: csr_array = field(init=False)
    true: np.ndarray = field(init=False)
    tables: list[np.ndarray] = field(init=False)
    ends: list[End] = field(init=False)

    def __post_init__(self) -> None:
        self.matrix = self.system.matrix()
        self.true = np.array(self.system.values, float)
        self.tables = [self.true]
        ends = self._attainable()
        self.ends = [ends[place] for place in np.random.default_rng(0).permutation(len(ends))]

    def culprits(self, hidden: frozenset[int]) -> list[Culprits]:
        """Sets of shown cells; at least one of each must be hidden to keep all small ones safe.

        Where all are safe there are none. Where many are not, some of the sets: what is hidden for
        them makes others safe.

        Raises:
            ArithmeticError: a solver gave up.
        """
        seen = self._view(hidden)
        left = self._likely_first(seen.unproved(self.ends, self.tables), seen)
        while left:
            asked = list(_few_of_each_part(left, seen))
            if found := self._asked(asked, seen):
                return found
            self.tables += search(seen.limits, left, self.true, attempts=1)
            left = seen.unproved([end for end in left if end not in set(asked)], self.tables)
        return []

    def _likely_first(self, ends: list[End], seen: View) -> list[End]:
        """The ends that some sum by itself rules out, before the others."""
        allowed = narrowed(seen.limits)
        return sorted(ends, key=lambda end: nearest(end, allowed) == end)

    def knows_safe(self, hidden: frozenset[int]) -> bool:
        """Whether the tables that were found prove all small ones safe; no solver is asked."""
        return not self._view(hidden).unproved(self.ends, self.tables)

    def _view(self, hidden: frozenset[int]) -> View:
        return view_of(self.system, hidden, self.matrix, self.true)

    def _attainable(self) -> list[End]:
        """The ends that look possible where all is hidden: no rule can hide more."""
        everything = self._view(frozenset(range(len(self.system.values))))
        allowed = narrowed(everything.limits)
        ends = [nearest(end, allowed) for end in _ends(self.system)]
        left = everything.unproved(ends, self.tables)
        self.tables += search(everything.limits, left, self.true)
        asked = set(everything.unproved(left, self.tables))
        return [self._nearest(end, everything) if end in asked else end for end in ends]

    def _nearest(self, end: End, seen: View) -> End:
        problem = seen.problem(end)
        table = whole_table(problem)
        if table is None:
            raise ArithmeticError("no table agrees with the sums")
        self._keep(table, seen.part(end.cell))
        best = round(float(table[problem.at]))
        return end._replace(number=max(best, end.number) if end.sign > 0 else min(best, end.number))

    def _asked(self, ends: Sequence[End], seen: View) -> list[Culprits]:
        """What makes some of the ends impossible; the tables that are found are kept."""
        solutions = solved([seen.problem(end) for end in ends])
        self._keep_all(ends, solutions, seen)
        blamed = (self._worked_out(*one, seen) for one in zip(ends, solutions, strict=True))
        return list(dict.fromkeys(culprits for culprits in blamed if culprits is not None))

    def _worked_out(self, end: End, found: Solution, seen: View) -> Culprits | None:
        problem, part = seen.problem(end), seen.part(end.cell)
        if end.sign * found.table[problem.at] > end.sign * end.number + TOLERANCE:
            return self._blamed(found, part, seen)
        if found.is_whole:
            return None
        table = whole_table(problem.reaching())
        if table is None:
            return self._near(part, seen)
        self._keep(table, part)
        return None

    def _keep_all(self, ends: Sequence[End], found: Sequence[Solution], seen: View) -> None:
        """Keep the tables that were found, those of different parts together in one."""
        ranks, new = Counter[int](), list[np.ndarray]()
        for end, one in zip(ends, found, strict=True):
            rank = ranks[int(seen.labels[end.cell])]
            ranks[int(seen.labels[end.cell])] += 1
            new += [self.true.copy()] if rank == len(new) else []
            if one.is_whole:
                new[rank][seen.part(end.cell).cells] = np.round(one.table)
        self.tables += new

    def _keep(self, table: np.ndarray, part: Part) -> None:
        """Keep a table that was found: what is not around it can be as it is."""
        whole = self.true.copy()
        whole[part.cells] = table
        self.tables.append(whole)

    def _blamed(self, found: Solution, part: Part, seen: View) -> Culprits:
        """The shown cells that the proof rests on: those with a price in the dual solution."""
        prices = part.whole.T @ found.sums
        prices[part.cells] = found.bounds
        return self._hideable(np.flatnonzero(np.abs(prices) > TOLERANCE).tolist(), seen)

    def _near(self, part: Part, seen: View) -> Culprits:
        return self._hideable(np.unique(part.whole.indices).tolist(), seen)

    def _hideable(self, cells: Iterable[int], seen: View) -> Culprits:
        return frozenset(
            cell for cell in cells if cell not in seen.hidden and self.system.can_hide(cell)
        )


def _ends(system: System) -> Iterator[End]:
    for cell in system.sensitive():
        low, high = system.target(cell)
        yield from (End(cell, 1, low), End(cell, -1, high))


def _few_of_each_part(ends: Iterable[End], seen: View) -> Iterator[End]:
    asked = Counter[int]()
    for end in ends:
        label = int(seen.labels[end.cell])
        asked[label] += 1
        if asked[label] <= AT_ONCE:
            yield end
