"""The units of estimates, for several analyses."""

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from abate import Cohort, Estimate, Pairs, Units
from abate.analysis.counts import counts_of, unit_faults
from abate_analyses.statistics.exact_integers import billionths

FALLS, RISES, TIES = "falls", "rises", "ties"
# The question about a lesion at a visit: whether it was scored, is due, is dead.
STATE = "state"


def of_estimates(estimates: Iterable[Estimate], known: Mapping[str, Units]) -> dict[str, Units]:
    """Return the units of each estimate, with only the counts that the estimate has.

    Units that contradict the estimate's numbers are left out: such an estimate is never released.
    """
    by_name: dict[str, Units] = {}
    for estimate in estimates:
        if estimate.name in known:
            units = _of(estimate, known[estimate.name])
            by_name |= {} if any(unit_faults(estimate, units)) else {estimate.name: units}
    return by_name


def _of(estimate: Estimate, known: Units) -> Units:
    counted = {*estimate.counts, *counts_of(estimate)}
    return known.counting({name: ids for name, ids in known.counts.items() if name in counted})


def find_directed(pairs: Pairs) -> Units:
    """Return the lesions of pairs, and the falls, rises and ties among them."""
    return pairs.units.counting(_by_sign(pairs.frame["lesion_id"], billionths(pairs.changes)))


def find_untied(pairs: Pairs) -> Units:
    """Return the lesions whose two scores differ, and the falls and rises among them."""
    known = find_directed(pairs)
    falls, rises = known.counts[FALLS], known.counts[RISES]
    return known.where(falls | rises).counting({FALLS: falls, RISES: rises})


def find_directed_patients(pairs: Pairs) -> Units:
    """Return the patients of pairs, by whether their changes add up to a fall or a rise."""
    points = pl.Series("points", billionths(pairs.changes), dtype=pl.Int64)
    frame = pairs.frame.select("patient_id").with_columns(points)
    sums = frame.group_by("patient_id", maintain_order=True).agg(pl.col("points").sum())
    return pairs.patient_units.counting(_by_sign(sums["patient_id"], sums["points"].to_numpy()))


def _by_sign(ids: pl.Series, changes: np.ndarray) -> dict[str, list[str]]:
    signs = np.sign(changes)
    return {
        name: ids.filter(pl.Series(signs == sign, dtype=pl.Boolean)).to_list()
        for name, sign in ((FALLS, -1), (RISES, 1), (TIES, 0))
    }


def by_value(frame: pl.DataFrame, unit: str, column: str) -> dict[str, list[str]]:
    """Return the units of each value of a column, each once; a missing value is `unknown`."""
    rows = frame.select(unit, pl.col(column).fill_null("unknown")).unique(maintain_order=True)
    groups = rows.group_by(column, maintain_order=True)
    return {str(value): rows[unit].to_list() for (value,), rows in groups}


def find_analysed(cohort: Cohort, question: str) -> Units:
    """Return the analysed lesions, with the key of one question."""
    return Units.of(cohort.analysed["lesion_id"], question)


def find_analysed_patients(cohort: Cohort, question: str) -> Units:
    """Return the patients of the analysed lesions, with the key of one question."""
    return Units.of(cohort.analysed["patient_id"], question)
