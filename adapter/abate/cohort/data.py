"""The datum of a unit that an estimate used, as a key that differs for different data."""

import polars as pl

from abate.cohort.units import Units


def units_of(frame: pl.DataFrame, unit: str, *data: str) -> Units:
    """Return the units in one column of a frame, each with its data from other columns.

    A unit with several rows has the data of all of them, such as a patient with several lesions.
    """
    rows = frame.select(unit, *data).rows()
    keys: dict[str, str] = {}
    for identifier, *its in rows:
        datum = ">".join(str(each) for each in its)
        keys[identifier] = f"{keys[identifier]}+{datum}" if identifier in keys else datum
    return Units(data=keys)


def datum() -> pl.Expr:
    """Return the key of a score: its id and value, which another release may have changed."""
    return pl.format("{}={}", "score_id", "value").alias("datum")
