"""Relief and its loss by lesion, which the durability analysis counts.

Days are from the lesion's index procedure. Only scores that were chosen for a visit can show a
loss; it is dated at the visit that showed it, although it came after the visit before.
"""

from dataclasses import dataclass

import polars as pl

from abate import Cohort, Pairs
from abate.config.visits import BASELINE
from abate_analyses.catalogue import Loss
from abate_analyses.statistics.aalen_johansen import CENSORED, COMPETING, EVENT

LOSSES = {
    "above-reference": "above the reference",
    "at-or-above-reference": "at or above the reference",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """The lesions of `Cohort.pairs` with the duration of their relief.

    Attributes:
        frame: one row per lesion with relief at the endpoint, in the order of `index_start`:
            lesion_id, label, patient_id, reference, later (scores after the endpoint), loss_day,
            loss_visit, loss_score, held_day and held_visit (the last score before a loss, at least
            the endpoint's own), time, cause (of `aalen_johansen`), survival (days followed).
        later: their chosen scores after the endpoint, with `lost`; in time's order.
        pairs: the lesions that could have had relief.
        population: those that had it, in words.
    """

    frame: pl.DataFrame
    later: pl.DataFrame
    pairs: Pairs
    population: str


def relief(cohort: Cohort, pairs: Pairs, loss: Loss) -> Relief:
    """Follow each lesion that is not worse at the endpoint than at its reference."""
    had = pairs.frame.filter(pl.col("change") <= 0)
    later = _later(cohort, had, loss)
    frame = (
        had.join(_endpoint_days(cohort), on=["lesion_id", "endpoint_visit"], how="left",
                 maintain_order="left")
        .join(_lasts(later), on="lesion_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("later").fill_null(0),
            pl.col("held_day").fill_null(pl.col("endpoint_day")),
            pl.col("held_visit").fill_null(pl.col("endpoint_visit")),
        )
        .with_columns(
            pl.max_horizontal("follow_up_days", "endpoint_day", "last_day").alias("survival"),
            _deaths(cohort).alias("died"),
        )
        .with_columns(
            pl.coalesce("loss_day", "survival").alias("time"),
            pl.when(pl.col("loss_day").is_not_null()).then(EVENT)
            .when("died").then(COMPETING).otherwise(CENSORED).alias("cause"),
        )
    )  # fmt: skip
    return Relief(
        frame=frame,
        later=later,
        pairs=pairs,
        population=f"{pairs.population}, not worse at the endpoint",
    )


def _later(cohort: Cohort, had: pl.DataFrame, loss: Loss) -> pl.DataFrame:
    """Return the chosen scores after the endpoint, and whether each shows a loss."""
    above = pl.col("value") > pl.col("reference")
    lost = above if loss == "above-reference" else pl.col("value") >= pl.col("reference")
    asked = had.select("lesion_id", "label", "index_start", "reference", "endpoint_at")
    return (
        cohort.scores.filter(pl.col("chosen") & (pl.col("visit") != BASELINE))
        .select("score_id", "lesion_id", "at", "day", "value", "visit")
        .join(asked, on="lesion_id")
        .filter(pl.col("at") > pl.col("endpoint_at"))
        .sort("index_start", "lesion_id", "at", "score_id")
        .with_columns(lost.alias("lost"))
        .with_columns(pl.col("lost").cast(pl.Int64).cum_sum().over("lesion_id").alias("losses"))
    )


def _lasts(later: pl.DataFrame) -> pl.DataFrame:
    """Return one row per lesion with a later score: its first loss, and the last score before."""
    held = pl.col("losses") == 0
    return later.group_by("lesion_id").agg(
        pl.len().alias("later"),
        pl.col("day").max().alias("last_day"),
        pl.col("day").filter("lost").first().alias("loss_day"),
        pl.col("visit").filter("lost").first().alias("loss_visit"),
        pl.col("value").filter("lost").first().alias("loss_score"),
        pl.col("day").filter(held).last().alias("held_day"),
        pl.col("visit").filter(held).last().alias("held_visit"),
    )


def _endpoint_days(cohort: Cohort) -> pl.DataFrame:
    chosen = cohort.scores.filter("chosen").unique(["lesion_id", "visit"], keep="any")
    return chosen.select(
        "lesion_id", pl.col("visit").alias("endpoint_visit"), pl.col("day").alias("endpoint_day")
    )


def _deaths(cohort: Cohort) -> pl.Expr:
    """Return the deaths; one without a day ends relief at the last contact."""
    undated = cohort.events.filter((pl.col("kind") == "death") & pl.col("at").is_null())
    at_contact = (pl.col("end_reason") == "last-score") & pl.col("patient_id").is_in(
        undated["patient_id"].to_list()
    )
    return ((pl.col("end_reason") == "death") | at_contact).fill_null(value=False)
