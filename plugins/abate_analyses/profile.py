"""The profile of a cohort: who and what was analysed, and where the others went."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

import polars as pl

from abate import Cohort, Estimate, Interval, Result, Table

PATIENTS = "patients with an analysed lesion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a count is a part of: how many, of what."""

    n: int
    population: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Counts of patients and lesions from treated to analysed; age, sex, sites, adjuncts, facts.

    Ages are counted once a patient, at the first analysed index procedure.
    """

    name: ClassVar[str] = "profile"

    def run(self, cohort: Cohort) -> Result:
        """Describe the analysed lesions and their patients."""
        lesions = cohort.analysed
        patients = lesions.unique("patient_id", keep="first", maintain_order=True)
        facts = cohort.characteristics.join(patients.select("patient_id"), on="patient_id")
        kinds = cohort.adjuncts.select("lesion_id", "kind").unique()
        with_adjunct = lesions.join(kinds, on="lesion_id", maintain_order="left")
        without = lesions.join(kinds, on="lesion_id", how="anti")
        of_patients = Whole(n=patients.height, population=PATIENTS, unit="{patient}")
        of_lesions = Whole(n=lesions.height, population="analysed lesions", unit="{lesion}")
        estimates = [
            *_flow(cohort),
            *_ages(patients),
            *_shares("sex", _tally(patients["sex"]), of_patients),
            *_facts(facts, of_patients),
            *_shares("site", _tally(lesions["site"]), of_lesions),
            *_shares("site-group", _tally(lesions["site_group"]), of_lesions),
            *_shares("adjunct", _tally(with_adjunct["kind"]), of_lesions),
            _count("without-adjunct", without.height, of_lesions),
        ]
        return Result(estimates=estimates, tables=[_attrition(cohort)])


def _flow(cohort: Cohort) -> Iterable[Estimate]:
    """Treated, excluded, analysed: patients and lesions, from the attrition table."""
    for unit in ("patient", "lesion"):
        counts = {
            stage: _sum(cohort.attrition, stage, unit)
            for stage in ("treated", "excluded", "analysed")
        }
        treated = Whole(n=counts["treated"], population=f"{unit}s treated", unit=f"{{{unit}}}")
        for stage, number in counts.items():
            yield _count(f"{unit}s-{stage}", number, treated)


def _sum(attrition: pl.DataFrame, stage: str, unit: str) -> int:
    rows = attrition.filter((pl.col("stage") == stage) & (pl.col("unit") == unit))
    return int(rows["n"].sum())


def _ages(patients: pl.DataFrame) -> Iterable[Estimate]:
    ages = patients["age"].drop_nulls().sort().to_list()
    if not ages:
        return
    yield Estimate(
        name="age",
        label="age at the first index procedure, median and range",
        value=median(ages),
        n=len(ages),
        unit="a",
        interval=Interval(low=ages[0], high=ages[-1], kind="range"),
        method="median and range of whole years",
        population=PATIENTS,
    )


def _facts(facts: pl.DataFrame, whole: Whole) -> Iterable[Estimate]:
    for (kind,), rows in facts.group_by("kind", maintain_order=True):
        once = rows.select("patient_id", "name").unique()
        yield from _shares(str(kind), _tally(once["name"]), whole)


def _tally(values: pl.Series) -> Mapping[str, int]:
    counts = values.fill_null("unknown").value_counts(sort=False).rows()
    return dict(sorted(counts, key=lambda row: (-row[1], row[0])))


def _shares(what: str, tally: Mapping[str, int], whole: Whole) -> Iterable[Estimate]:
    for value, number in tally.items():
        yield _count(f"{what}-{_slug(value)}", number, whole, f"{what}: {value}")


def _count(name: str, value: int, whole: Whole, label: str = "") -> Estimate:
    return Estimate(
        name=name,
        label=label or name.replace("-", " "),
        value=value,
        n=whole.n,
        unit=whole.unit,
        method="count",
        population=whole.population,
    )


def _slug(text: str) -> str:
    """A name for an estimate: where letters are lost, a digest keeps two values apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if slug == text.lower().replace(" ", "-"):
        return slug
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")


def _attrition(cohort: Cohort) -> Table:
    frame = cohort.attrition
    return Table(
        name="attrition",
        title="From what was pulled to what was analysed",
        columns=tuple(frame.columns),
        rows=frame.rows(),
    )
