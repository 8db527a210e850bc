"""Which cells are hidden: the small ones, and the cheapest others that keep them safe.

Each way in which a reader works out a small cell is a set of shown cells, of which one at least
must be hidden. Hiding the cheapest of each gives a choice that is enough. The cheapest choice is a
hitting set, found by `scipy.optimize.milp`; then the reader tries again, and where nothing follows
any more, there is none cheaper. (The idea of cutting planes for cell suppression: Fischetti and
Salazar, https://doi.org/10.1287/mnsc.47.7.1008.9805.)
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array

from abate.small_cells.reach import Culprits, Reader
from abate.small_cells.search import TOLERANCE
from abate.small_cells.system import System, for_solver

ROUNDS = 12
SECONDS = 20.0
Ways = dict[Culprits, None]


def hidden_cells(system: System) -> frozenset[int]:
    """The cells to hide: the cheapest choice, or the best that was found in `ROUNDS`, safe too.

    Where a solver gives up, all of them: never too few.
    """
    try:
        return _chosen(system)
    except ArithmeticError:
        return frozenset(cell for cell in range(len(system.values)) if system.shown[cell])


def _chosen(system: System) -> frozenset[int]:
    reader, ways = Reader(system), Ways()
    primary = frozenset(system.primary())
    best = _spared(reader, _enough(reader, primary, ways), primary)
    for _ in range(ROUNDS):
        least = _cheapest(system, primary, list(ways))
        if _cost(system, least) >= _cost(system, best) - TOLERANCE:
            return best
        found = reader.culprits(least)
        if not found:
            return least
        ways.update(dict.fromkeys(found))
    return best


def _spared(reader: Reader, hidden: frozenset[int], primary: frozenset[int]) -> frozenset[int]:
    """Show again, the dearest first, what the tables that are known prove needless to hide."""
    for cell in sorted(hidden - primary, key=lambda cell: (-reader.system.costs[cell], cell)):
        if reader.knows_safe(hidden - {cell}):
            hidden -= {cell}
    return hidden


def _enough(reader: Reader, hidden: frozenset[int], ways: Ways) -> frozenset[int]:
    """Hide one cell more of each way in which a small cell follows, until none does."""
    while found := reader.culprits(hidden):
        for way in found:
            if not way:
                raise ArithmeticError("nothing that is left to hide helps")
            ways[way] = None
            if hidden.isdisjoint(way):
                hidden |= {min(way, key=lambda cell: (reader.system.costs[cell], cell))}
    return hidden


def _cost(system: System, cells: frozenset[int]) -> float:
    return sum(system.costs[cell] for cell in sorted(cells))


def _cheapest(system: System, primary: frozenset[int], ways: list[Culprits]) -> frozenset[int]:
    """The cheapest set that holds the primary cells and one cell at least of each way.

    Raises:
        ArithmeticError: there is none, or the solver gave up.
    """
    rest = [way for way in ways if not way & primary]
    cells = sorted(frozenset().union(*rest))
    place = {cell: number for number, cell in enumerate(cells)}
    if not cells:
        return primary
    rows = lil_array((len(rest), len(cells)))
    for number, way in enumerate(rest):
        for cell in way:
            rows[number, place[cell]] = 1
    found = milp(
        [system.costs[cell] for cell in cells],
        constraints=LinearConstraint(for_solver(rows.tocsr()), 1, np.inf),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(cells)),
        options={"time_limit": SECONDS},
    )
    if found.status != 0:
        raise ArithmeticError(found.message)
    return primary | {cells[number] for number in np.flatnonzero(np.round(found.x)).tolist()}
