"""Charts as inline SVG: Vega-Lite with the result's numbers, drawn without a network."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from abate.analysis.model import Cell, Chart, Ref, Result
from abate.report.page import theme
from abate.report.page.svg import NotDrawn, frame

__all__ = ["NotDrawn", "rows_of", "svg"]

# The version of Vega-Lite that the specifications are written for, and that vl-convert contains.
VERSION = "5.20"
Row = dict[str, str | int | float | None]
_COMPOSED = ("facet", "hconcat", "vconcat", "concat", "repeat")
_INNER = ("layer", "hconcat", "vconcat", "concat")


def svg(chart: Chart, result: Result, *, name: str = "chart", width: int = theme.WIDE) -> str:
    """Return a chart as an `svg` element for an HTML page; the same chart gives the same text.

    Args:
        chart: the chart.
        result: the result whose estimates the chart cites.
        name: the prefix of its ids, which must be unique on the page.
        width: the width of the plot without its axes, in pixels.

    Raises:
        NotDrawn: no rows are left, or the specification is not valid.
    """
    filled = rows_of(chart, result)
    if not any(filled.values()):
        raise NotDrawn("it has no rows, or none that may be shown")
    spec = _restyle(chart, dict(chart.spec)) | {"datasets": filled}
    try:
        drawn = _drawn(json.dumps(_resize(spec, filled, width)), width)
    except (ValueError, TypeError):  # The error may quote the data.
        raise NotDrawn("its specification is not Vega-Lite that can be drawn") from None
    return frame(drawn, name=name, title=chart.title, alt=chart.alt)


@lru_cache(maxsize=64)
def _drawn(spec: str, width: int) -> str:
    """Draw a specification; the local and the released page have most charts in common.

    A drawing takes 30 ms of CPU (vl-convert 1.9, 2026-11).
    """
    import vl_convert

    # With no allowed URL, http is a ValueError, and a file: is not read and leaves an empty chart
    # (vl-convert 1.9, 2026-12).
    drawn: str = vl_convert.vegalite_to_svg(
        json.loads(spec), vl_version=VERSION, config=theme.config(width), allowed_base_urls=[]
    )
    return drawn


def rows_of(chart: Chart, result: Result) -> dict[str, list[Row]]:
    """Return the data sets with the cited numbers, without rows that cite withheld ones."""
    hidden = {estimate.name for estimate in result.estimates if estimate.withheld}
    return {
        name: [_row(row, result) for row in rows if not _cites(row.values(), hidden)]
        for name, rows in chart.data.items()
    }


def _row(row: Mapping[str, Cell], result: Result) -> Row:
    return {key: result.cited(cell) if isinstance(cell, Ref) else cell for key, cell in row.items()}


def _cites(cells: Any, names: set[str]) -> bool:
    return any(isinstance(cell, Ref) and cell.estimate in names for cell in cells)


def _restyle(chart: Chart, spec: dict[str, Any], data: str = "") -> dict[str, Any]:
    """Draw lines of single lesions faintly, and estimates strongly."""
    data = spec.get("data", {}).get("name", data)
    inner = {
        key: [_restyle(chart, dict(layer), data) for layer in spec[key]]
        for key in _INNER
        if key in spec
    }
    if "mark" in spec and not inner and data in chart.data:
        style = _style(chart, data) if _is_mixed(chart) else ""
        spec["mark"] = _mark(spec, style)
    return spec | inner


def _mark(spec: Mapping[str, Any], style: str) -> dict[str, Any]:
    given = {"type": spec["mark"]} if isinstance(spec["mark"], str) else dict(spec["mark"])
    encoding = set(spec.get("encoding", {}))
    made = {}
    if given["type"] == "rect" and not {"color", "fill", "opacity"} & encoding:
        made = theme.band()
    elif style:
        made = theme.mark(str(given["type"]), style, is_span=bool({"x2", "y2"} & encoding))
        if "point" in given:
            given["point"] = theme.point(style)
    if {"color", "fill", "stroke"} & encoding:  # Its colour has a meaning.
        made.pop("color", None)
    return {**given, **made}


def _is_mixed(chart: Chart) -> bool:
    """Whether there are rows of single lesions, even if withheld, and rows that cite estimates."""
    return len({_style(chart, name) for name in chart.data}) > 1


def _style(chart: Chart, data: str) -> str:
    cells = (cell for row in chart.data[data] for cell in row.values())
    return theme.SUMMARY if any(isinstance(cell, Ref) for cell in cells) else theme.INDIVIDUAL


def _resize(
    spec: dict[str, Any], filled: Mapping[str, Sequence[Row]], width: int
) -> dict[str, Any]:
    if any(key in spec for key in _COMPOSED):
        return spec
    return {"height": _height(spec, filled), **spec, "width": width}


def _height(spec: dict[str, Any], filled: Mapping[str, Sequence[Row]]) -> int:
    """Return the height: a line for each name on the vertical axis, or else the usual height."""
    fields = {field for field in _name_rows(spec) if field}
    names = {row.get(field) for rows in filled.values() for row in rows for field in fields}
    wanted = theme.ROW * len(names - {None})
    return min(max(wanted, 4 * theme.ROW), theme.TALLEST) if fields else theme.HEIGHT


def _name_rows(spec: Mapping[str, Any]) -> Iterator[str]:
    vertical = spec.get("encoding", {}).get("y", {})
    if vertical.get("type") in ("nominal", "ordinal"):
        yield str(vertical.get("field", ""))
    for layer in spec.get("layer", ()):
        yield from _name_rows(layer)
