"""Tests and intervals by patient, because lesions of one patient are not independent."""

import polars as pl

from abate import Estimate, Interval, Pairs
from abate_analyses.shared.changes import directions, median_of
from abate_analyses.statistics.bootstrap import SEED, median_by_patient, resamples
from abate_analyses.statistics.exact_integers import POINT, billionths
from abate_analyses.statistics.sign_flips import flip_test

_EXACT = {True: "exact, over all sign flips", False: "normal approximation"}


def sign_flips(name: str, pairs: Pairs, first_lesion: str) -> Estimate:
    """Return the test that flips the signs of all changes of a patient together.

    It has no value: sums of changes of two populations that differ by one patient would disclose
    that patient's change.

    Args:
        name: the name of the estimate.
        pairs: the lesions of all patients.
        first_lesion: the name of the sign test of each patient's first lesion, which has the same
            patients: if that one is withheld, so is this.
    """
    sums = _sums(pairs)
    counted = directions((sums / POINT).to_list())
    test = flip_test(sums.to_numpy()) if counted.untied else None
    return Estimate(
        name=name,
        label=name.replace("-", " "),
        value=None,
        n=len(sums),
        p=test.p if test else None,
        method="sign-flip test by patient of the sum of changes, two-sided; "
        + _EXACT[test.exact if test else True],
        population=of_patients(pairs),
        statistic="test",
        basis="patient",
        counts=counted.by_name(),
        depends_on=[first_lesion],
        note="" if test else "no patient's changes add up to a fall or a rise",
    )


def median_change(name: str, pairs: Pairs) -> Estimate:
    """Return the median change, with an interval by drawing patients with all their lesions."""
    changes = pairs.changes
    ends = median_by_patient(changes, pairs.frame["patient_id"].to_list())
    estimate = median_of(name, changes, pairs.population)
    return Estimate(
        name=name,
        label="median change, interval by patient",
        value=estimate.value,
        n=estimate.n,
        unit=estimate.unit,
        interval=Interval(low=ends.low, high=ends.high, kind="95 % confidence, bootstrap")
        if ends
        else None,
        method=f"median; percentile interval of {resamples(len(changes))} bootstrap samples of "
        f"patients, seed {SEED}",
        population=pairs.population,
        statistic="median",
        counts=directions(changes).by_name(),
        note="" if ends else "too few patients to draw from",
    )


def of_patients(pairs: Pairs) -> str:
    """Return the name of the patients of these lesions."""
    return f"patients with {pairs.population}"


def _sums(pairs: Pairs) -> pl.Series:
    """Return the sum of each patient's changes, in billionths of a point."""
    changes = pl.Series("change", billionths(pairs.changes), dtype=pl.Int64)
    frame = pairs.frame.select("patient_id").with_columns(changes)
    return frame.group_by("patient_id", maintain_order=True).agg(pl.col("change").sum())["change"]
