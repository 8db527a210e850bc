"""What is hidden is enough: held against every table of whole numbers that could be true."""

from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.cohort.units import Units
from abate.disclosure import differences, make_release
from abate.disclosure.cells import sheet
from abate.disclosure.rule import Rule
from abate.disclosure.suppression import hide

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MOST = 9


def populations(sizes, members, ids):
    """The units of each population: the atoms that it has, each with its units."""
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    atoms = [ids(size, start) for size, start in zip(sizes, starts, strict=True)]
    return [[one for at in sorted(group) for one in atoms[at]] for group in members]


def held(sizes, members, minimum):
    """Groups of atoms, of few units, whose number is the same in every table with these sums."""
    sums = [sum(sizes[at] for at in group) for group in members]
    tables = [
        table
        for table in product(range(MOST + 1), repeat=len(sizes))
        if all(
            sum(table[at] for at in group) == total
            for group, total in zip(members, sums, strict=True)
        )
    ]
    places = range(len(sizes))
    groups = [one for k in range(1, len(sizes) + 1) for one in combinations(places, k)]
    return [
        group
        for group in groups
        if 0 < sum(sizes[at] for at in group) < minimum
        and len({sum(table[at] for at in group) for table in tables}) == 1
    ]


@EXAMPLES
@given(data=st.data())
def test_no_group_of_a_few_follows_from_the_populations_that_are_shown(
    run_of_units, estimate, ids, data
):
    sizes = data.draw(st.lists(st.integers(1, MOST), min_size=2, max_size=4))
    atoms = st.sets(st.integers(0, len(sizes) - 1), min_size=1)
    members = data.draw(st.lists(atoms, min_size=1, max_size=5))
    minimum = data.draw(st.integers(2, 5))
    given_ = [
        (estimate(f"population {at}", len(who)), Units.of(who, "score"))
        for at, who in enumerate(populations(sizes, members, ids))
    ]
    shown = make_release(
        run_of_units(given_, ids(sum(sizes) + MOST)), Rule(name="r", minimum=minimum)
    )
    left = shown.outcomes[0].result.estimates
    seen = [group for group, one in zip(members, left, strict=True) if one.n is not None]
    assert held(sizes, seen, minimum) == []
    assert all(one.n is None or one.n >= minimum for one in left)


def test_one_small_cell_of_a_three_by_three_table_takes_a_rectangle(run_of_table):
    shown = make_release(
        run_of_table([(20, 50, 10), (8, 19, 22), (17, 32, 3)]), Rule(name="5", minimum=5)
    )
    hidden = {one.name for one in shown.outcomes[0].result.estimates if one.n is None}
    assert "site-2-adjunct-2" in hidden
    assert len(hidden) >= 4


def test_where_a_solver_gives_up_everything_of_its_block_is_hidden(monkeypatch, run_of_parts):
    def gives_up(*_, **__):
        raise ArithmeticError("time limit")

    whole = sheet(run_of_parts({"arm": 20, "leg": 9, "hip": 3}))
    monkeypatch.setattr(differences, "_solve", gives_up)
    lesions = {place for cell, place in whole.cells.items() if cell.basis == "lesion"}
    assert hide(whole, Rule(name="5", minimum=5)).cells == lesions


def test_where_time_runs_out_everything_of_its_block_is_hidden(monkeypatch, run_of_parts):
    monkeypatch.setattr("abate.disclosure.suppression.SECONDS", -1.0)
    whole = sheet(run_of_parts({"arm": 20, "leg": 9, "hip": 6, "toe": 3}))
    assert len(hide(whole, Rule(name="5", minimum=5)).cells) > 2


@pytest.mark.parametrize("minimum", [2, 5])
def test_populations_that_are_large_and_apart_are_all_shown(run_of_parts, minimum):
    shown = make_release(
        run_of_parts({"arm": 20, "leg": 9, "hip": 7}), Rule(name="r", minimum=minimum)
    )
    assert [one.n for one in shown.outcomes[0].result.estimates] == [36, 20, 9, 7]
