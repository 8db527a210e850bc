"""The state of each lesion at each visit: patients who died have no missing scores.

SISAQOL asks to distinguish patients who died from patients whose score is missing
(https://doi.org/10.1016/S1470-2045(19)30790-9).
"""

from typing import TYPE_CHECKING

import polars as pl

from abate.config.visits import BASELINE

if TYPE_CHECKING:
    from abate.cohort.tables import Cohort

SCORED = "scored"
NOT_SCORED = "not scored, no death recorded"
DEAD = "dead"
RE_TREATED = "re-treated"
NOT_DUE = "not yet due"
STATES = (SCORED, NOT_SCORED, DEAD, RE_TREATED, NOT_DUE)


def visit_states(cohort: "Cohort") -> pl.DataFrame:
    """Return one row per analysed lesion and visit: lesion_id, patient_id, visit, state.

    A lesion that was not scored at a visit is `dead` or `re-treated` if that happened by the last
    day of the visit's window, and `not yet due` if that day is after the data cut-off. A patient
    who died on an unknown day counts as dead after the last contact, or after the day of the
    procedure if there was no contact.
    """
    visits = pl.DataFrame(
        [(BASELINE, 0), *((name, window.last) for name, window in cohort.windows.items())],
        schema={"visit": pl.String, "last_day": pl.Int64},
        orient="row",
    ).filter(pl.col("visit").is_in(cohort.visits))
    lesions = _ends(cohort)
    scored = (
        cohort.scores.filter("chosen")
        .select("lesion_id", "visit", pl.lit(value=True).alias("is_scored"))
        .unique()
    )
    return (
        lesions.join(visits, how="cross", maintain_order="right_left")
        .join(scored, on=["lesion_id", "visit"], how="left", maintain_order="left")
        .select("lesion_id", "patient_id", "visit", _state(cohort).alias("state"))
    )


def _ends(cohort: "Cohort") -> pl.DataFrame:
    """Return the analysed lesions with the day of death, or the day after which it must be."""
    undated = cohort.events.filter((pl.col("kind") == "death") & pl.col("at").is_null())
    last = pl.col("follow_up_days")
    return cohort.analysed.select(
        "lesion_id",
        "patient_id",
        "index_day",
        pl.when(pl.col("end_reason") == RE_TREATED).then(last).alias("re_treated_day"),
        pl.when(pl.col("death").is_not_null())
        .then((pl.col("death") - pl.col("index_day")).dt.total_days())
        .when(pl.col("patient_id").is_in(undated["patient_id"].to_list()))
        .then(last.fill_null(0) + 1)
        .alias("death_day"),
    )


def _state(cohort: "Cohort") -> pl.Expr:
    last = pl.col("last_day")
    due = pl.col("index_day") + pl.duration(days=last) <= pl.lit(cohort.cutoff)
    return (
        pl.when("is_scored")
        .then(pl.lit(SCORED))
        .when(pl.col("visit") == BASELINE)
        .then(pl.lit(NOT_SCORED))
        .when(pl.col("death_day") <= last)
        .then(pl.lit(DEAD))
        .when(pl.col("re_treated_day") <= last)
        .then(pl.lit(RE_TREATED))
        .when(due)
        .then(pl.lit(NOT_SCORED))
        .otherwise(pl.lit(NOT_DUE))
    )
