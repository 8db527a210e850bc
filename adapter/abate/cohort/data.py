"""Which datum of a unit an estimate used: keys that tell one datum from another."""

import polars as pl

from abate.cohort.units import Units


def units_of(frame: pl.DataFrame, unit: str, *data: str) -> Units:
    """The units that a frame has in one column, each with its data from others.

    A unit with several rows has the data of all of them, as a patient has those of its lesions.
    """
    rows = frame.select(unit, *data).rows()
    found: dict[str, str] = {}
    for one, *its in rows:
        datum = ">".join(str(each) for each in its)
        found[one] = f"{found[one]}+{datum}" if one in found else datum
    return Units(data=found)


def datum() -> pl.Expr:
    """A score's id and value: what another release of the same estimate may have changed."""
    return pl.format("{}={}", "score_id", "value").alias("datum")
