"""Which units the estimates of an analysis used: what several analyses say of them alike."""

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from abate import Cohort, Estimate, Pairs, Units
from abate.analysis.counts import counts_of, unit_faults
from abate_analyses.statistics.exact_integers import billionths

FALLS, RISES, TIES = "falls", "rises", "ties"
# What is asked of a lesion at a visit: whether it was scored, is due, is dead.
STATE = "state"


def of_estimates(estimates: Iterable[Estimate], known: Mapping[str, Units]) -> dict[str, Units]:
    """The units of each estimate, with those counts only that the estimate has.

    Units that contradict the estimate's numbers are left out: then it is never released.
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
    """The lesions of pairs, and which of them fell, rose, stayed."""
    return pairs.units.counting(_by_sign(pairs.frame["lesion_id"], billionths(pairs.changes)))


def find_untied(pairs: Pairs) -> Units:
    """The lesions whose two scores differ, and which of them fell and rose."""
    known = find_directed(pairs)
    falls, rises = known.counts[FALLS], known.counts[RISES]
    return known.where(falls | rises).counting({FALLS: falls, RISES: rises})


def find_directed_patients(pairs: Pairs) -> Units:
    """The patients of pairs, and whose changes add up to a fall, to a rise, to neither."""
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
    """The units of each value of a column, each once; a missing value is `unknown`."""
    rows = frame.select(unit, pl.col(column).fill_null("unknown")).unique(maintain_order=True)
    groups = rows.group_by(column, maintain_order=True)
    return {str(value): rows[unit].to_list() for (value,), rows in groups}


def find_analysed(cohort: Cohort, question: str) -> Units:
    """The analysed lesions, of which one question was asked."""
    return Units.of(cohort.analysed["lesion_id"], question)


def find_analysed_patients(cohort: Cohort, question: str) -> Units:
    """The patients of the analysed lesions, of which one question was asked."""
    return Units.of(cohort.analysed["patient_id"], question)
