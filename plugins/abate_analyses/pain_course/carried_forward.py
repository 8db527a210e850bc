"""Last observation carried forward: a sensitivity analysis, never the main one."""

import polars as pl

from abate.cohort.visit_states import NOT_SCORED, SCORED


def carry_forward(states: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Return the last chosen score up to each visit, of lesions alive, followed and due then.

    Args:
        states: `Cohort.visit_states()`: nothing is carried past death, re-treatment or the cut-off.
        scores: `Cohort.by_visit()`'s frame: one score a lesion and visit.

    Returns:
        One row per lesion and visit with a score to carry: lesion_id, visit, value, datum.
    """
    # The states are in the order of the visits, so no sort is needed within a lesion.
    return (
        states.filter(pl.col("state").is_in([SCORED, NOT_SCORED]))
        .join(scores, on=["lesion_id", "visit"], how="left", maintain_order="left")
        .with_columns(pl.col("value", "datum").forward_fill().over("lesion_id"))
        .drop_nulls("value")
        .select("lesion_id", "visit", "value", "datum")
    )
