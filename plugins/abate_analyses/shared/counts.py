"""Counts and shares as estimates, with the names that the rule of small cells needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from abate import Estimate
from abate.analysis.model import Basis
from abate_analyses.statistics.intervals import clopper_pearson

_METHOD = (
    "exact interval (Clopper-Pearson); where there is none, its high end is the exact upper limit, "
    "two-sided 95 % and so one-sided 97.5 %, not the rule of three"
)
LESIONS = "analysed lesions"
PATIENTS = "patients with an analysed lesion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The whole that a count is a part of: its number, and its name."""

    n: int
    population: str
    basis: Basis = "lesion"

    @property
    def unit(self) -> str:
        """The UCUM annotation of the counted units."""
        return f"{{{self.basis}}}"


def lesions(analysed: pl.DataFrame) -> Whole:
    """Return the analysed lesions as a whole."""
    return Whole(n=analysed.height, population=LESIONS)


def patients(analysed: pl.DataFrame) -> Whole:
    """Return the patients of the analysed lesions as a whole."""
    return Whole(n=analysed["patient_id"].n_unique(), population=PATIENTS, basis="patient")


def count(name: str, number: int, whole: Whole, label: str = "", note: str = "") -> Estimate:
    """Return a count of the whole; a `Split` names it `POPULATION: NAME`."""
    return Estimate(
        name=name,
        label=label or name.replace("-", " "),
        value=number,
        n=whole.n,
        unit=whole.unit,
        method=f"count of {whole.basis}s",
        population=whole.population,
        note=note,
        statistic="count",
        basis=whole.basis,
        counts={name: number},
    )


def share(name: str, number: int, whole: Whole, label: str, note: str = "") -> Estimate:
    """Return the share of the whole, with its exact interval (Clopper and Pearson 1934).

    An empty whole gives no value; without events the interval has the exact upper limit.
    """
    return Estimate(
        name=name,
        label=label,
        value=number / whole.n if whole.n else None,
        n=whole.n,
        method=f"share of {whole.basis}s, {_METHOD}",
        population=whole.population,
        interval=clopper_pearson(number, whole.n),
        note="; ".join(text for text in (note, "" if whole.n else "there are none") if text),
        statistic="proportion",
        basis=whole.basis,
        counts={"numerator": number},
    )


def count_values(values: pl.Series) -> Mapping[str, int]:
    """Count each value, the most frequent first; a missing one is `unknown`."""
    counted = values.fill_null("unknown").value_counts(sort=False).rows()
    return dict(sorted(counted, key=lambda row: (-row[1], row[0])))
