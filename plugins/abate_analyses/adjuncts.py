"""Which analysed lesions had which adjunct, as populations and as splits."""

from collections.abc import Sequence

import polars as pl

from abate import Cohort, Split
from abate_analyses import atoms
from abate_analyses.counts import LESIONS, lesions

WITHOUT = f"{LESIONS} without an adjunct"


def having(kind: str) -> str:
    """The lesions with an adjunct of one kind, in words."""
    return f"{LESIONS} with the adjunct {kind}"


def by_adjunct(cohort: Cohort) -> pl.DataFrame:
    """One row an analysed lesion and kind of adjunct; kind is null where it had none."""
    kinds = cohort.adjuncts.select("lesion_id", "kind").unique()
    return cohort.analysed.join(kinds, on="lesion_id", how="left", maintain_order="left")


def adjunct_splits(cohort: Cohort) -> Sequence[Split]:
    """The lesions by their adjuncts; a lesion may have several."""
    marked = by_adjunct(cohort).select("lesion_id", "kind").drop_nulls()
    ids = cohort.analysed["lesion_id"]
    return atoms.splits(ids, marked, lesions(cohort.analysed), _cell)


def _cell(kind: str) -> str:
    return having(kind) if kind else WITHOUT
