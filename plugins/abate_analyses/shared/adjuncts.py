"""The analysed lesions by adjunct, as populations."""

import polars as pl

from abate import Cohort
from abate_analyses.shared.counts import LESIONS

WITHOUT = f"{LESIONS} without an adjunct"


def having(kind: str) -> str:
    """Return the name of the lesions with an adjunct of one kind."""
    return f"{LESIONS} with the adjunct {kind}"


def by_adjunct(cohort: Cohort) -> pl.DataFrame:
    """Return one row per analysed lesion and kind of adjunct; kind is null if there is none."""
    kinds = cohort.adjuncts.select("lesion_id", "kind").unique()
    return cohort.analysed.join(kinds, on="lesion_id", how="left", maintain_order="left")
