"""The units of the estimates of durability."""

from collections.abc import Iterator, Mapping

import polars as pl

from abate import Cohort, Units
from abate.config.visits import BASELINE
from abate_analyses.durability.loss_curves import At, Curves
from abate_analyses.durability.relief import Relief
from abate_analyses.statistics.aalen_johansen import COMPETING, EVENT


def durability_units(cohort: Cohort, relief: Relief, lost: Curves) -> dict[str, Units]:
    """Return the units of each estimate, by its name."""
    pairs, frame = relief.pairs.frame, relief.frame
    scores = relief.pairs.units.data
    had = _time(frame, scores)
    followed = frame.filter(pl.col("later") > 0)
    held = followed.filter(pl.col("cause") != EVENT)["lesion_id"]
    losses = _ids(frame, pl.col("cause") == EVENT)
    later = {score: scores[score] for score in _find_later_scores(cohort, pairs)["lesion_id"]}
    return {
        "follow-up": _follow(cohort),
        "relief": relief.pairs.units.counting({"numerator": frame["lesion_id"]}),
        "longest-relief": had,
        "longest-relief-weeks": had,
        "median-time-to-loss": had.counting({"losses": losses}),
        "median-time-to-loss-km": had.counting({"losses": losses}),
        "net-pain-relief": _time(frame.filter(pl.col("survival") > 0), scores),
        "persistence": _time(followed, later).counting({"numerator": held}),
        **{name: units for at in lost.visits for name, units in _at(relief, had, at)},
    }


def _find_later_scores(cohort: Cohort, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs with a score after the endpoint, with relief or without."""
    scores = cohort.scores.filter("chosen").select("lesion_id", "at")
    later = pairs.join(scores, on="lesion_id").filter(pl.col("at") > pl.col("endpoint_at"))
    return pairs.join(later, on="lesion_id", how="semi")


def _at(relief: Relief, had: Units, at: At) -> Iterator[tuple[str, Units]]:
    """Return the units of the curves at a visit: at risk on its first day, events by its last."""
    is_past = pl.col("time") <= at.last
    counts = {
        f"at risk at {at.visit}": _ids(relief.frame, pl.col("time") >= at.first),
        f"losses by {at.visit}": _ids(relief.frame, is_past & (pl.col("cause") == EVENT)),
        f"deaths by {at.visit}": _ids(relief.frame, is_past & (pl.col("cause") == COMPETING)),
    }
    for name in ("loss", "death", "loss-km"):
        yield f"{name}-{at.visit}", had.counting(counts)


def _ids(frame: pl.DataFrame, kept: pl.Expr) -> list[str]:
    return frame.filter(kept)["lesion_id"].to_list()


def _time(frame: pl.DataFrame, among: Mapping[str, str]) -> Units:
    """Return the lesions with relief; the datum is its duration and what ended it.

    They were chosen by their scores `among` the given lesions.
    """
    rows = frame.select("lesion_id", "time", "cause", "survival").rows()
    data = {lesion: f"relief {time}, {cause} of {of}" for lesion, time, cause, of in rows}
    return Units(data=data, among=among)


def _follow(cohort: Cohort) -> Units:
    """Return the patients with a later score; the datum is the day of the last one."""
    days = (
        cohort.scores.filter(pl.col("chosen") & (pl.col("visit") != BASELINE))
        .join(cohort.analysed.select("lesion_id", "patient_id"), on="lesion_id")
        .group_by("patient_id")
        .agg(pl.format("day {}", pl.col("day").max()).alias("day"))
    )
    return Units(data=dict(days.select("patient_id", "day").rows()))
