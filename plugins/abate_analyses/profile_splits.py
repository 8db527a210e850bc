"""How the counts of the profile part their wholes."""

from collections.abc import Iterator, Mapping

import polars as pl

from abate import Cohort, Split
from abate_analyses import atoms, counts
from abate_analyses.adjuncts import adjunct_splits, by_adjunct, having
from abate_analyses.counts import LESIONS, PATIENTS, Whole
from abate_analyses.slugs import slug
from abate_analyses.treated import TREATED_PATIENTS


def profile_splits(cohort: Cohort, first: pl.DataFrame, treated: pl.DataFrame) -> Iterator[Split]:
    """Sexes, sites, site groups with their sites, adjuncts, and facts."""
    analysed = cohort.analysed
    whole = counts.patients(analysed)
    yield _parts(PATIENTS, "sex", counts.tally(first["sex"]), whole)
    for what in ("site", "site-group"):
        tally = counts.tally(analysed[what.replace("-", "_")])
        yield _parts(LESIONS, what, tally, counts.lesions(analysed))
    yield from _sites_of_groups(analysed)
    yield from adjunct_splits(cohort)
    for kind, number in counts.tally(by_adjunct(cohort)["kind"].drop_nulls()).items():
        yield Split(whole=having(kind), parts={f"{LESIONS}: adjunct-{slug(kind)}": number})
    yield from _facts(cohort, first["patient_id"], whole)
    ids = treated["patient_id"].unique()
    of_treated = Whole(n=len(ids), population=TREATED_PATIENTS, basis="patient")
    yield from _facts(cohort, ids, of_treated)
    yield from _facts_of_excluded(cohort, ids, first["patient_id"])


def _parts(population: str, what: str, tally: Mapping[str, int], whole: Whole) -> Split:
    parts = {f"{population}: {what}-{slug(value)}": number for value, number in tally.items()}
    return Split(whole=population, parts=parts, basis=whole.basis)


def _sites_of_groups(analysed: pl.DataFrame) -> Iterator[Split]:
    """The lesions of a group fall into its sites: a site may stand in several groups."""
    places = analysed.select(pl.col("site", "site_group").fill_null("unknown"))
    pairs = places.group_by("site", "site_group").len().sort("site", "site_group").rows()
    sites = [site for site, _, _ in pairs]

    def cell(site: str, group: str) -> str:
        alone = sites.count(site) == 1
        return f"{LESIONS}: site-{slug(site)}" + ("" if alone else f" in {slug(group)}")

    for group in dict.fromkeys(group for _, group, _ in pairs):
        parts = {cell(site, of): number for site, of, number in pairs if of == group}
        yield Split(whole=f"{LESIONS}: site-group-{slug(group)}", parts=parts)
    for site in dict.fromkeys(site for site in sites if sites.count(site) > 1):
        parts = {cell(of, group): number for of, group, number in pairs if of == site}
        yield Split(whole=f"{LESIONS}: site-{slug(site)}", parts=parts)


def _facts(cohort: Cohort, ids: pl.Series, whole: Whole) -> Iterator[Split]:
    """By kind: a patient may have several of one kind, or none."""
    facts = cohort.characteristics.filter(pl.col("patient_id").is_in(ids.to_list()))
    for kind in facts["kind"].unique(maintain_order=True):

        def cell(value: str, kind: str = kind) -> str:
            if value == atoms.NOTHING:
                return f"{whole.population}: {kind}, none stated"
            treated = whole.population == TREATED_PATIENTS
            return f"{whole.population}: {fact_name(kind, value, treated=treated)}"

        marks = facts.filter(pl.col("kind") == kind).select("patient_id", "name")
        yield from atoms.splits(ids, marks, whole, cell)


def _facts_of_excluded(cohort: Cohort, treated: pl.Series, analysed: pl.Series) -> Iterator[Split]:
    """The treated patients with a fact are analysed ones and excluded ones."""
    facts = cohort.characteristics.filter(pl.col("patient_id").is_in(treated.to_list()))
    is_analysed = pl.col("patient_id").is_in(analysed.to_list())
    rows = (
        facts.select("patient_id", "kind", "name", is_analysed.alias("analysed"))
        .unique()
        .group_by("kind", "name")
        .agg(pl.col("analysed").sum(), (~pl.col("analysed")).sum().alias("excluded"))
        .sort("kind", "name")
        .rows()
    )
    for kind, value, number, excluded in rows:
        name = fact_name(kind, value, treated=True)
        parts = {f"{TREATED_PATIENTS}: excluded, {name}": excluded}
        if number:
            parts[f"{PATIENTS}: {fact_name(kind, value)}"] = number
        yield Split(whole=f"{TREATED_PATIENTS}: {name}", parts=parts, basis="patient")


def fact_name(kind: str, value: str, *, treated: bool = False) -> str:
    """The name of a fact's count; of the treated, a kind that says it all stands alone."""
    if not treated:
        return f"{kind}-{slug(value)}"
    return f"treated-{kind}" if value == kind else f"treated-{kind}-{slug(value)}"
