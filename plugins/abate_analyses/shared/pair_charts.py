"""Charts of paired change: before and after, the change of each lesion, the change by visit."""

from collections.abc import Mapping, Sequence
from typing import Any

from abate import Chart, Pairs, Ref
from abate.analysis.model import Cell

DRAWN_UP_TO = 200
TOO_MANY = "There are too many lesions to draw each one: the charts show the medians only."

_VEGA_LITE = "https://vega.github.io/schema/vega-lite/v5.json"
_SCORE = {
    "field": "score",
    "type": "quantitative",
    "scale": {"domain": [0, 10]},
    "title": "pain score, from none to worst",
}
_CHANGE = {
    "field": "change",
    "type": "quantitative",
    "title": "change in points; a fall is below zero",
}


def slopes(pairs: Pairs, reference: str, endpoint: str) -> Chart:
    """Return the chart of each lesion's two scores, joined, with the medians."""
    ends = {"reference": f"reference: {reference}", "endpoint": f"endpoint: {endpoint}"}
    place = {"field": "when", "type": "ordinal", "sort": list(ends.values()), "title": None}
    return Chart(
        name="before-after",
        title="Pain before and after",
        alt="One line per lesion from its reference score to its score at the endpoint, and a line "
        "that joins the medians of both.",
        spec={
            "$schema": _VEGA_LITE,
            "layer": [
                _layer("lesions", "line", x=place, y=_SCORE, detail=_nominal()),
                _layer("medians", "line", x=place, y=_SCORE),
            ],
        },
        data={
            "lesions": _two_scores(pairs, ends),
            "medians": [
                {"when": words, "score": Ref(f"median-{column}-of-pairs")}
                for column, words in ends.items()
            ],
        },
    )


def _two_scores(pairs: Pairs, ends: Mapping[str, str]) -> Sequence[Mapping[str, Cell]]:
    rows = pairs.frame.select("label", *ends).to_dicts() if len(pairs) <= DRAWN_UP_TO else []
    return [
        {"lesion": row["label"], "when": words, "score": row[column]}
        for row in rows
        for column, words in ends.items()
    ]


def waterfall(pairs: Pairs) -> Chart:
    """Return the chart of each lesion's change as a bar, with the median as a line."""
    lesion = {**_nominal(), "sort": None, "title": None}
    return Chart(
        name="waterfall",
        title="Change of each lesion",
        alt="One bar per lesion, from the greatest rise of pain to the greatest fall, and a line "
        "at the median change.",
        spec={
            "$schema": _VEGA_LITE,
            "layer": [
                _layer("lesions", "bar", x=lesion, y=_CHANGE),
                _layer("median", "rule", y=_CHANGE),
            ],
        },
        data={"lesions": _bars(pairs), "median": [{"change": Ref("median-change")}]},
    )


def _bars(pairs: Pairs) -> Sequence[Mapping[str, Cell]]:
    if len(pairs) > DRAWN_UP_TO:
        return []
    ordered = pairs.frame.sort("change", descending=True, maintain_order=True)
    return ordered.select(lesion="label", change="change").to_dicts()


def by_visit(changes: Mapping[str, Pairs], visits: Sequence[str], medians: Sequence[str]) -> Chart:
    """Return the chart of each lesion's change at each visit, with `medians` as a line."""
    visit = {"field": "visit", "type": "ordinal", "sort": list(visits), "title": None}
    points: list[Mapping[str, Cell]] = [
        {"visit": name, "lesion": lesion, "change": value}
        for name, pairs in changes.items()
        if len(pairs) <= DRAWN_UP_TO
        for lesion, value in pairs.frame.select("label", "change").rows()
    ]
    return Chart(
        name="changes",
        title="Change at each visit",
        alt="One point per lesion and visit: the change from the reference; the medians are joined "
        "by a line. The lesions of one visit are not those of the next.",
        spec={
            "$schema": _VEGA_LITE,
            "layer": [
                _layer("lesions", "point", x=visit, y=_CHANGE, detail=_nominal()),
                _layer("medians", "line", x=visit, y=_CHANGE),
            ],
        },
        data={
            "lesions": points,
            "medians": [
                {"visit": name, "change": Ref(f"median-change-{name}")} for name in medians
            ],
        },
    )


def _nominal() -> dict[str, Any]:
    return {"field": "lesion", "type": "nominal"}


def _layer(data: str, mark: str, **encoding: Mapping[str, Any]) -> dict[str, Any]:
    drawn = {"type": mark, "point": True} if mark == "line" else {"type": mark}
    return {"data": {"name": data}, "mark": drawn, "encoding": dict(encoding)}
