"""How the lesions and patients with complications part their wholes."""

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from abate import Cohort, Estimate, Split
from abate_analyses import atoms
from abate_analyses.adjuncts import WITHOUT, adjunct_splits, by_adjunct, having
from abate_analyses.counts import LESIONS, Whole
from abate_analyses.slugs import slug

NOT_STATED = "not stated"
NOT_NAMED = "not named"


def grade_name(grade: str) -> str:
    """The name of the share of lesions with a complication of a grade."""
    return f"grade-{slug(grade)}"


def safety_splits(
    cohort: Cohort, events: pl.DataFrame, shares: Sequence[Estimate]
) -> Sequence[Split]:
    """Lasting and passed; by adjunct, grade and name."""
    return [
        *adjunct_splits(cohort),
        *_lasting(shares),
        *_of_the_hit(cohort, events),
    ]


def _cell(one: Estimate) -> str:
    return f"{one.population}: {one.name}"


def _lasting(shares: Sequence[Estimate]) -> Iterator[Split]:
    """A lasting complication is a complication."""
    found = {one.name: one for one in shares}
    for name, one in found.items():
        any_one = found.get(f"complication{name.removeprefix('lasting')}")
        if name.startswith("lasting") and any_one:
            number, of = one.counts["numerator"], any_one.counts["numerator"]
            parts = {_cell(one): number, f"{one.population}: passed, {any_one.name}": of - number}
            yield Split(whole=_cell(any_one), parts=parts, basis=one.basis)


def _of_the_hit(cohort: Cohort, events: pl.DataFrame) -> Iterator[Split]:
    """The analysed lesions with a complication, by what they had."""
    linked = events.join(cohort.analysed.select("lesion_id"), on="lesion_id", how="semi")
    hit = linked["lesion_id"].unique()
    for what, rows in (("complication", linked), ("lasting", linked.filter("lasting"))):
        ids = rows["lesion_id"].unique()
        whole = Whole(n=len(ids), population=f"{LESIONS}: {what}-lesions")
        kinds = by_adjunct(cohort).select("lesion_id", "kind").drop_nulls()
        marks = kinds.filter(pl.col("lesion_id").is_in(ids.to_list()))
        yield from atoms.splits(ids, marks, whole, _adjunct_cell(what))
    whole = Whole(n=len(hit), population=f"{LESIONS}: complication-lesions")
    grades = linked.select("lesion_id", pl.col("grade").fill_null(NOT_STATED))
    yield from atoms.splits(hit, grades, whole, lambda grade: f"{LESIONS}: {grade_name(grade)}")
    names = linked.select("lesion_id", pl.col("name").fill_null(NOT_NAMED))
    yield from atoms.splits(hit, names, whole, lambda name: f"{LESIONS}: name-{slug(name)}")


def _adjunct_cell(what: str) -> Callable[[str], str]:
    def cell(kind: str) -> str:
        if kind == atoms.NOTHING:
            return f"{WITHOUT}: {what}-without-adjunct"
        return f"{having(kind)}: {what}-adjunct-{slug(kind)}"

    return cell
