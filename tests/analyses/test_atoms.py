"""Splits of units that may carry several marks."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from abate_analyses import atoms
from abate_analyses.counts import Whole

marked = st.dictionaries(
    st.sampled_from([f"L{n}" for n in range(9)]), st.sets(st.sampled_from("abc")), min_size=1
)


def splits(marks_of):
    rows = [(unit, mark) for unit, marks in marks_of.items() for mark in sorted(marks)]
    return atoms.splits(
        pl.Series("unit", list(marks_of)),
        pl.DataFrame(rows, schema={"unit": pl.String, "mark": pl.String}, orient="row"),
        Whole(n=len(marks_of), population="units"),
        lambda mark: f"with {mark}" if mark else "with none",
    )


def test_marks_that_never_meet_are_cells_themselves():
    [split] = splits({"L1": {"a"}, "L2": {"b"}, "L3": set()})
    assert split.parts == {"with a": 1, "with b": 1, "with none": 1}


def test_marks_that_meet_are_made_of_atoms():
    whole, a, b = splits({"L1": {"a", "b"}, "L2": {"a"}, "L3": set()})
    assert whole.parts == {"units: exactly a + b": 1, "units: exactly a": 1, "with none": 1}
    assert (a.whole, a.parts) == ("with a", {"units: exactly a + b": 1, "units: exactly a": 1})
    assert (b.whole, b.parts) == ("with b", {"units: exactly a + b": 1})


@given(marked)
def test_the_atoms_add_up_to_the_units_and_to_each_mark(marks_of):
    whole, *within = splits(marks_of)
    assert sum(whole.parts.values()) == len(marks_of)
    for split in within:
        mark = split.whole.removeprefix("with ")
        assert sum(split.parts.values()) == sum(mark in marks for marks in marks_of.values())
