"""Which analysed lesions had which adjunct, as populations."""

import polars as pl

from abate import Cohort
from abate_analyses.shared.counts import LESIONS

WITHOUT = f"{LESIONS} without an adjunct"


def having(kind: str) -> str:
    """The lesions with an adjunct of one kind, in words."""
    return f"{LESIONS} with the adjunct {kind}"


def by_adjunct(cohort: Cohort) -> pl.DataFrame:
    """One row an analysed lesion and kind of adjunct; kind is null where it had none."""
    kinds = cohort.adjuncts.select("lesion_id", "kind").unique()
    return cohort.analysed.join(kinds, on="lesion_id", how="left", maintain_order="left")
