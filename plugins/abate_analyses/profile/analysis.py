"""The profile of a cohort: its treated and analysed patients and lesions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from abate import Cohort, Estimate, Interval, Result, Units
from abate.cohort.units import NO_DATUM
from abate_analyses.profile.tables import age_table, tables
from abate_analyses.profile.units import fact_name, profile_units
from abate_analyses.shared import counts
from abate_analyses.shared.adjuncts import by_adjunct
from abate_analyses.shared.counts import PATIENTS, Whole
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.slugs import slug
from abate_analyses.shared.treated import TREATED_LESIONS, TREATED_PATIENTS, select_treated
from abate_analyses.shared.units import of_estimates
from abate_analyses.statistics.quantiles import spread

# The tables of the study file with facts.
FACTS = ("condition", "history")
STAGES = ("treated", "excluded", "analysed")


def analyse(cohort: Cohort) -> Result:
    """Describe the analysed lesions and their patients, and the facts of the treated."""
    first = cohort.analysed.unique("patient_id", keep="first", maintain_order=True)
    flow, ages = _flow(cohort), list(_ages(first))
    shown = [
        *_patients(cohort, first),
        *_lesions(cohort),
        *_describe_treated(cohort),
    ]
    missing = list(_not_assessable(cohort))
    listed = [*_flow_counts(flow), *ages, *shown, *missing]
    estimates = mark_key(listed, "patients-treated")
    return Result(
        estimates=estimates,
        tables=[*age_table(ages), *tables(shown)],
        units=of_estimates(
            estimates, {**profile_units(cohort, first), **_units_of_missing(cohort, missing)}
        ),
    )


def _flow(cohort: Cohort) -> dict[str, dict[str, int]]:
    """Return the treated, excluded and analysed patients and lesions of the attrition table."""
    return {
        unit: {stage: _sum(cohort.attrition, stage, unit) for stage in STAGES}
        for unit in ("patient", "lesion")
    }


def _sum(attrition: pl.DataFrame, stage: str, unit: str) -> int:
    rows = attrition.filter((pl.col("stage") == stage) & (pl.col("unit") == unit))
    return int(rows["n"].sum())


def _flow_counts(flow: Mapping[str, Mapping[str, int]]) -> Iterator[Estimate]:
    wholes = (
        Whole(n=flow["patient"]["treated"], population=TREATED_PATIENTS, basis="patient"),
        Whole(n=flow["lesion"]["treated"], population=TREATED_LESIONS),
    )
    for whole in wholes:
        for stage, number in flow[whole.basis].items():
            yield counts.count(f"{whole.basis}s-{stage}", number, whole)


def _ages(first: pl.DataFrame) -> Iterator[Estimate]:
    ages = first["age"].drop_nulls().sort()
    if not len(ages):
        return
    median, quartiles = spread(ages.to_numpy())
    ends = Interval(low=float(ages[0]), high=float(ages[-1]), kind="range")
    for name, interval, words in (
        ("age", ends, "range"),
        ("age-quartiles", quartiles, "quartiles (R type 7)"),
    ):
        yield Estimate(
            name=name,
            label=f"age at the first index procedure, median and {words}",
            value=median,
            n=len(ages),
            unit="a",
            interval=interval,
            method=f"median and {words} of whole years",
            population=PATIENTS if len(ages) == first.height else f"{PATIENTS} and a known age",
            statistic="median",
            basis="patient",
        )


def _patients(cohort: Cohort, first: pl.DataFrame) -> Iterator[Estimate]:
    whole = counts.patients(cohort.analysed)
    yield from _shares("sex", counts.count_values(first["sex"]), whole)
    facts = cohort.characteristics.join(first.select("patient_id"), on="patient_id", how="semi")
    for kind, tally in _facts(facts).items():
        yield from _shares(kind, tally, whole)


def _lesions(cohort: Cohort) -> Iterator[Estimate]:
    whole = counts.lesions(cohort.analysed)
    yield from _shares("site", counts.count_values(cohort.analysed["site"]), whole)
    yield from _shares("site-group", counts.count_values(cohort.analysed["site_group"]), whole)
    kinds = by_adjunct(cohort)["kind"]
    yield from _shares("adjunct", counts.count_values(kinds.drop_nulls()), whole)
    yield counts.count("without-adjunct", kinds.null_count(), whole, "adjunct: none")


def _describe_treated(cohort: Cohort) -> Iterator[Estimate]:
    """Describe the facts over all treated patients, as papers count them."""
    patients = select_treated(cohort).select("patient_id").unique()
    whole = Whole(n=patients.height, population=TREATED_PATIENTS, basis="patient")
    facts = cohort.characteristics.join(patients, on="patient_id", how="semi")
    for kind, tally in _facts(facts).items():
        for value, number in tally.items():
            name = fact_name(kind, value, treated=True)
            estimate = counts.count(name, number, whole, f"{kind}: {value}, of the treated")
            yield replace(estimate, from_data=True)


def _not_assessable(cohort: Cohort) -> Iterator[Estimate]:
    """Return the facts that cannot be assessed; an absent fact is not a count of 0."""
    for key, why in cohort.not_assessable.items():
        section, _, kind = key.partition(".")
        if section in FACTS:
            yield Estimate(
                name=f"{kind}-not-assessable",
                label=f"{kind}: not assessable",
                value=None,
                n=counts.patients(cohort.analysed).n,
                method="not assessable",
                population=PATIENTS,
                note=why,
                basis="patient",
            )


def _units_of_missing(cohort: Cohort, missing: Iterable[Estimate]) -> dict[str, Units]:
    """Return the units of facts that are not assessable: the population, without data."""
    units = Units.of(cohort.analysed["patient_id"].unique(), NO_DATUM)
    return {estimate.name: units for estimate in missing}


def _facts(facts: pl.DataFrame) -> dict[str, Mapping[str, int]]:
    """Count the patients with each fact, by kind; a repeated fact counts once."""
    once = facts.select("patient_id", "kind", "name").unique(maintain_order=True)
    groups = once.group_by("kind", maintain_order=True)
    return {str(kind): counts.count_values(rows["name"]) for (kind,), rows in groups}


def _shares(what: str, tally: Mapping[str, int], whole: Whole) -> Iterator[Estimate]:
    for value, number in tally.items():
        estimate = counts.count(f"{what}-{slug(value)}", number, whole, f"{what}: {value}")
        yield replace(estimate, from_data=what not in ("sex", "adjunct"))
