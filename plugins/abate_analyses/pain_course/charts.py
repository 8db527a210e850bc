"""The charts of the course: the median with lines by lesion, and the strip of visit windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from abate import Chart, Cohort, Ref
from abate.analysis.model import Cell
from abate.config.visits import BASELINE

MOST_LESIONS = 200
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
TAKEN = "taken"

Rows = Sequence[Mapping[str, Cell]]


def visit_days(cohort: Cohort) -> dict[str, int]:
    """Return the target day of each visit; the baseline is on day 0."""
    days = {visit: window.day for visit, window in cohort.windows.items()}
    return {
        visit: {BASELINE: 0, **days}[visit] for visit in cohort.visits if visit in {BASELINE, *days}
    }


def visit_axis(days: Mapping[str, int], title: str = "visit") -> dict[str, Any]:
    """Return a position channel in days whose ticks are visits; the first days have more room."""
    names = {str(day): visit for visit, day in days.items()}
    return {
        "field": "day",
        "type": "quantitative",
        "title": title,
        "scale": {"type": "symlog", "constant": 3},
        "axis": {
            "values": list(days.values()),
            "labelExpr": f"({names})[datum.value]",
            "labelAngle": -45,
            "labelOverlap": "greedy",
            "labelSeparation": -4,
        },
    }


def individual(cohort: Cohort) -> bool:
    """Whether each lesion is drawn: more than `MOST_LESIONS` lines would hide each other."""
    return cohort.analysed.height <= MOST_LESIONS


def charts(cohort: Cohort) -> list[Chart]:
    """Return the chart of the course, and the strip if single lesions are drawn."""
    days = visit_days(cohort)
    return [_course(cohort, days), *([_strip(cohort, days)] if individual(cohort) else [])]


def notes(cohort: Cohort) -> list[str]:
    """Return notes on what the charts leave out."""
    if individual(cohort):
        return []
    return ["There are too many lesions to draw each one: the chart shows the medians only."]


def _course(cohort: Cohort, days: Mapping[str, int]) -> Chart:
    score = {"type": "quantitative", "title": "pain score", "scale": {"domain": [0, 10]}}
    x = visit_axis(days)
    lines = {
        "data": {"name": "lesions"},
        "mark": {"type": "line", "point": True, "style": "individual"},
        "encoding": {"x": x, "y": {"field": "score", **score}, "detail": {"field": "lesion"}},
    }
    quartiles = {
        "data": {"name": "quartiles"},
        "mark": {"type": "rule"},
        "encoding": {"x": x, "y": {"field": "low", **score}, "y2": {"field": "high"}},
    }
    median = {
        "data": {"name": "medians"},
        "transform": [{"filter": "isValid(datum.median)"}],
        "mark": {"type": "line", "point": True, "style": "median"},
        "encoding": {"x": x, "y": {"field": "median", **score}},
    }
    return Chart(
        name="lines",
        title="Pain score by visit",
        alt=(
            "Line chart of the pain score against the visits: the median of each visit, with a bar "
            "from the first to the third quartile; behind it, where single lesions may be shown, "
            "one thin line per lesion."
        ),
        spec={"$schema": SCHEMA, "layer": [lines, quartiles, median]},
        data={
            "lesions": _lines(cohort, days) if individual(cohort) else [],
            "medians": [_cite(visit, day, median="value", n="n") for visit, day in days.items()],
            "quartiles": [_cite(visit, day, low="low", high="high") for visit, day in days.items()],
        },
    )


def _cite(visit: str, day: int, **fields: str) -> dict[str, Cell]:
    cited = {name: Ref(f"median-{visit}", field) for name, field in fields.items()}
    return {"visit": visit, "day": day, **cited}


def _lines(cohort: Cohort, days: Mapping[str, int]) -> Rows:
    labels = cohort.analysed.select("lesion_id", "label")
    scores = cohort.by_visit().frame.join(labels, on="lesion_id", maintain_order="left")
    rows = scores.select("label", "visit", "value").rows()
    return [
        {"lesion": label, "visit": visit, "day": days[visit], "score": value}
        for label, visit, value in rows
        if visit in days
    ]


def _strip(cohort: Cohort, days: Mapping[str, int]) -> Chart:
    x = visit_axis(days, "day after the procedure, at the visits")
    lesion = {"field": "lesion", "type": "nominal", "title": None, "sort": None}
    # Adjacent windows have different shades.
    shade = {"field": "odd", "type": "nominal", "scale": {"range": [0.1, 0.25]}, "legend": None}
    windows = {
        "data": {"name": "windows"},
        "mark": "rect",
        "encoding": {"x": {**x, "field": "first"}, "x2": {"field": "last"}, "opacity": shade},
    }
    points = {
        "data": {"name": "scores"},
        "mark": {"type": "point", "filled": True},
        "encoding": {
            "x": x,
            "y": lesion,
            "shape": {"field": "why", "type": "nominal", "title": "score"},
        },
    }
    return Chart(
        name="visit-windows",
        title="Which score stands for which visit",
        alt=(
            "Strip of one row per lesion: every linked pain score by its day, over bands that are "
            "the visits' windows. Its shape says whether it was taken for a visit, and why not."
        ),
        spec={"$schema": SCHEMA, "layer": [windows, points]},
        data={"windows": _windows(cohort), "scores": _link(cohort)},
    )


def _windows(cohort: Cohort) -> Rows:
    """Return bands from the start of the first day to the end of the last."""
    return [
        {
            "visit": visit,
            "first": window.first - 0.5,
            "last": window.last + 0.5,
            "odd": "yes" if place % 2 else "no",
        }
        for place, (visit, window) in enumerate(cohort.windows.items())
    ]


def _link(cohort: Cohort) -> Rows:
    analysed = cohort.analysed.select("lesion_id", "label", "index_start")
    why = (
        pl.when("chosen").then(pl.lit(TAKEN)).otherwise(pl.col("left_out_by").fill_null("left out"))
    )
    rows = (
        cohort.scores.join(analysed, on="lesion_id")
        .sort("index_start", "lesion_id", "at", "score_id")
        .select("label", "day", "value", "visit", why)
        .rows()
    )
    return [
        {"lesion": label, "day": day, "score": value, "visit": visit, "why": reason}
        for label, day, value, visit, reason in rows
    ]
