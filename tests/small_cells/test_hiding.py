"""The cells that are hidden are enough, and the cheapest that are: held against enumeration."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.small_cells import hiding
from abate.small_cells.audit import derivable
from abate.small_cells.hiding import hidden_cells
from abate.small_cells.narrow import narrowed
from abate.small_cells.rule import Rule
from abate.small_cells.search import Limits
from abate.small_cells.system import System

SHAPES = [
    ((0, 1, 2),),
    ((0, 1), (0, 1, 2)),
    ((0, 1), (2, 3), (0, 2), (1, 3), (0, 1, 2, 3)),
    ((0, 1, 2, 3), (0, 1), (1, 2)),
]
EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def systems(draw, leaves, **rule):
    sums = draw(st.sampled_from(SHAPES))
    used = 1 + max(leaf for one in sums for leaf in one)
    values = draw(st.lists(st.integers(0, 5), min_size=used, max_size=used))
    cells = used + len(sums)
    minimum = draw(st.integers(2, 4))
    return leaves(
        values=values,
        sums=sums,
        shown=draw(st.lists(st.booleans(), min_size=cells, max_size=cells)),
        costs=draw(st.lists(st.integers(1, 9), min_size=cells, max_size=cells)),
        rule=Rule(name="r", minimum=minimum, **rule),
    )


def cost_of(system, hidden):
    return sum(system.costs[cell] for cell in hidden)


@EXAMPLES
@given(data=st.data())
@pytest.mark.parametrize("rule", [{}, {"hides_zero": True}], ids=["zeros shown", "zeros hidden"])
def test_what_is_hidden_is_enough_and_the_cheapest_that_is(leaves, rule, data):
    case = data.draw(systems(leaves, **rule))
    system, tables = case.system, case.tables()
    hidden = hidden_cells(system)
    primary = frozenset(system.primary())
    assert primary <= hidden
    assert case.derivable(tables, hidden) == []
    others = [cell for cell, shown in enumerate(system.shown) if shown and cell not in primary]
    choices = (
        primary | set(some)
        for size in range(len(others) + 1)
        for some in combinations(others, size)
    )
    enough = (one for one in choices if not case.derivable(tables, frozenset(one)))
    assert cost_of(system, hidden) == min(cost_of(system, one) for one in enough)


@EXAMPLES
@given(data=st.data())
def test_the_audit_finds_exactly_what_enumeration_finds(leaves, data):
    rounding = data.draw(st.sampled_from([1, 3]))
    case = data.draw(systems(leaves, rounding=rounding))
    system, tables = case.system, case.tables()
    shown = [cell for cell, one in enumerate(system.shown) if one]
    also = data.draw(st.sets(st.sampled_from(shown))) if shown else set()
    hidden = frozenset(system.primary()) | also
    known = {cell: system.bounds(cell, hidden=False) for cell in shown if cell not in hidden}
    assert derivable(system, known) == case.derivable(tables, hidden)


@EXAMPLES
@given(data=st.data())
def test_what_follows_sum_by_sum_rules_out_no_possible_table(leaves, data):
    case = data.draw(systems(leaves, rounding=data.draw(st.sampled_from([1, 3]))))
    system, hidden = case.system, frozenset(case.system.primary())
    cells = range(len(system.values))
    low, high = np.array([system.bounds(cell, hidden=cell in hidden) for cell in cells], float).T
    allowed = narrowed(Limits(low, high, system.matrix()))
    tables = case.tables()
    possible = tables[((tables >= low) & (tables <= high)).all(axis=1)]
    assert (possible >= allowed.low).all()
    assert (possible <= allowed.high).all()


@EXAMPLES
@given(data=st.data())
def test_rounded_counts_are_known_only_as_well_as_they_are_rounded(leaves, data):
    case = data.draw(systems(leaves, rounding=3))
    assert case.derivable(case.tables(), hidden_cells(case.system)) == []


def three_by_three(costs):
    """A table with one cell of 3, and its margins: cells first, row and column sums, the sum."""
    values = [20, 50, 10, 8, 19, 22, 17, 32, 3]
    rows = [(0, 1, 2), (3, 4, 5), (6, 7, 8)]
    columns = [(0, 3, 6), (1, 4, 7), (2, 5, 8)]
    margins = [sum(values[cell] for cell in one) for one in (*rows, *columns)]
    relations = [
        *(((9 + at, -1), *((cell, 1) for cell in one)) for at, one in enumerate((*rows, *columns))),
        ((15, -1), (9, 1), (10, 1), (11, 1)),
        ((15, -1), (12, 1), (13, 1), (14, 1)),
    ]
    all_values = [*values, *margins, sum(values)]
    return System(
        values=all_values, shown=[True] * 16, floors=[1] * 16, costs=costs or all_values,
        relations=relations, rule=Rule(name="5", minimum=5),
    )  # fmt: skip


def test_one_small_cell_of_a_three_by_three_table_takes_the_cheapest_rectangle():
    # By head: the rectangles that hold the 3 cost 8 + 17 + 22, 19 + 32 + 22, 20 + 17 + 10
    # and 50 + 32 + 10 beside it: 47 twice is the least.
    system = three_by_three(None)
    hidden = hidden_cells(system)
    assert cost_of(system, hidden) == 47 + 3
    assert len(hidden) == 4


def test_dear_cells_are_kept_where_margins_are_cheaper():
    hidden = hidden_cells(three_by_three([1000] * 8 + [1] * 8))
    assert hidden <= {8, *range(9, 16)}


def test_where_a_solver_gives_up_everything_is_hidden(monkeypatch):
    def gives_up(*_):
        raise ArithmeticError("time limit")

    monkeypatch.setattr(hiding, "_cheapest", gives_up)
    system = three_by_three(None)
    assert hidden_cells(system) == frozenset(range(16))
