"""The theme of all charts, with colours that colour-blind readers can distinguish.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened for white paper
to a contrast of at least 3:1. A chart is drawn once, in light colours; the page replaces them if
the reader's colour scheme is dark.
"""

from typing import Any

INK, MUTED, AXIS, GRID, LINE = "#26323d", "#55626e", "#87929c", "#dde3e8", "#8593a0"
PAPER, BAND = "#fefefe", "#e8eff4"
SERIES = ("#0a6a9c", "#b84c00", "#00735a", "#9c4a85", "#7d6200", "#4a4f8f", "#6b6f73")
# Each light colour, and its replacement on a dark page.
DARK = {
    INK: "#e4eaef",
    MUTED: "#aab6c1",
    AXIS: "#76838f",
    GRID: "#323e49",
    LINE: "#7f8d9a",
    PAPER: "#12181e",
    BAND: "#212c36",
    SERIES[0]: "#5cb8ea",
    SERIES[1]: "#ff9d5c",
    SERIES[2]: "#3ccaa0",
    SERIES[3]: "#e6a3d2",
    SERIES[4]: "#e3c64f",
    SERIES[5]: "#a9aef0",
    SERIES[6]: "#b9bec3",
}
WIDE, NARROW = 800, 268
HEIGHT, TALLEST, ROW = 280, 620, 24
# The names that an analysis may give to the marks of single lesions, and to those of estimates.
INDIVIDUAL, SUMMARY = "individual", "median"

_FONT = "sans-serif"
_AXIS = {
    "domainColor": AXIS,
    "gridColor": GRID,
    "labelColor": MUTED,
    "labelFont": _FONT,
    "labelFontSize": 12,
    "labelFontWeight": "normal",
    "labelOverlap": True,
    "labelSeparation": 6,
    "tickColor": AXIS,
    "titleColor": INK,
    "titleFont": _FONT,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "titlePadding": 10,
}
_LEGEND = {
    "labelColor": INK,
    "labelFont": _FONT,
    "labelFontSize": 12,
    "labelLimit": 420,
    "orient": "bottom",
    "symbolStrokeWidth": 2,
    "title": None,
    "titleColor": INK,
    "titleFont": _FONT,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}


def config(width: int) -> dict[str, Any]:
    """Return the Vega-Lite configuration of a chart that is `width` pixels wide."""
    columns = 2 if width >= WIDE else 1
    return {
        "aria": False,  # The page gives each drawing one text alternative instead.
        "background": None,
        "font": _FONT,
        "axis": _AXIS,
        "axisX": {"grid": False, "labelAngle": 0, "labelLimit": width // 2 - 8, "zindex": 1},
        "axisY": {"domain": False, "offset": 8, "ticks": False},
        "header": {"labelColor": INK, "labelFontSize": 12, "titleColor": INK},
        "legend": {**_LEGEND, "columns": columns},
        "mark": {"color": SERIES[0]},
        "bar": {"color": SERIES[0]},
        "line": {"color": SERIES[0], "strokeWidth": 2},
        "point": {"color": SERIES[0], "filled": True, "opacity": 1, "size": 46},
        "rule": {"color": MUTED},
        "text": {"color": INK, "font": _FONT, "fontSize": 12},
        "range": {"category": list(SERIES), "ordinal": list(SERIES)},
        "view": {"stroke": None},
    }


def mark(kind: str, style: str, *, is_span: bool) -> dict[str, Any]:
    """Return the style of a mark: faint for single lesions, strong for estimates.

    `is_span` is for a mark with two ends.
    """
    if style == SUMMARY and kind == "rule":
        wide = {"color": SERIES[0], "opacity": 0.35, "strokeWidth": 7}
        return {"style": SUMMARY, **(wide if is_span else {"color": SERIES[1], "opacity": 1})}
    if style == SUMMARY:
        return {"style": SUMMARY, "color": SERIES[0], "opacity": 1, "strokeWidth": 3.2}
    if kind == "bar":
        return {"style": INDIVIDUAL, "color": SERIES[0], "opacity": 0.8}
    return {"style": INDIVIDUAL, "color": LINE, "opacity": 0.8, "strokeWidth": 1.2}


def band() -> dict[str, Any]:
    """Return the style of a band behind the data, such as the window of a visit."""
    return {"color": BAND, "opacity": 1, "stroke": PAPER, "strokeWidth": 2}


def point(style: str) -> dict[str, Any]:
    """Return the style of the points on a line."""
    is_summary = style == SUMMARY
    return {"color": SERIES[0] if is_summary else LINE, "size": 80 if is_summary else 30}
