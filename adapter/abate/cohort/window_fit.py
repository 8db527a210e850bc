"""Whether the visits of the study file fit the days on which pain was scored."""

from collections import Counter

import polars as pl

from abate.cohort.tables import Cohort

# Why a score after the procedure is at no visit.
_OUTSIDE = "no-open-lesion"
_MISSED = ("between-visits", "after-last-visit")


def find_misfit(cohort: Cohort) -> str:
    """Return how the visits miss the scores after the procedure; empty if most are at a visit."""
    after = cohort.scores.filter(pl.col("left_out_by").is_in(_MISSED))
    at = cohort.scores.filter(pl.col("visit").is_in(list(cohort.windows))).height
    if after.height <= at:
        unlinked = cohort.attrition.filter(pl.col("reason") == _OUTSIDE)["n"].sum()
        if at or not unlinked:
            return ""
        return (
            f"the visits fit the data badly: {unlinked} pain scores are outside the days of all "
            "visits, and none is at a visit after the procedure. Change [visits]"
        )
    gaps = Counter(_gap(cohort, day) for day in after["day"].drop_nulls())
    gap, n = gaps.most_common(1)[0]
    empty = [name for name in cohort.windows if name not in set(cohort.scores["visit"])]
    no_score = f"; no score is at {', '.join(empty)}" if empty else ""
    return (
        f"the visits fit the data badly: {after.height} pain scores after the procedure are at no "
        f"visit, and {at} are at one. Most of them ({n}) are {gap}{no_score}. Change [visits]"
    )


def _gap(cohort: Cohort, day: int) -> str:
    """Return between which visits a day lies, in words."""
    windows = sorted(cohort.windows.items(), key=lambda item: item[1].first)
    before = [(name, window) for name, window in windows if window.last < day]
    later = [(name, window) for name, window in windows if window.first > day]
    if not later:
        name, window = before[-1]
        return f"after {name}, later than day {window.last}"
    next_name, next_window = later[0]
    if not before:
        return f"before {next_name}, up to day {next_window.first - 1}"
    name, window = before[-1]
    return f"between {name} and {next_name}, days {window.last + 1} to {next_window.first - 1}"
