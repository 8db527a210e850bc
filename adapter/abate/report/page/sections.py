"""An analysis's outcome as a section of the page: figures, tables, estimates with their methods."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abate.analysis.model import Cell, Chart, Estimate, Ref, Result, Table
from abate.analysis.outcome import Outcome
from abate.report.page import charts, theme
from abate.report.page.formatting import WITHHELD, PageCell, number, shown, unit

NOTHING = PageCell(text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart, drawn for wide and for narrow screens, or the reason why it is not drawn."""

    title: str
    alt: str
    wide: str = ""
    narrow: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table: its caption, heads, rows; the first cell of a row is its head."""

    id: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[PageCell]]

    @property
    def heads(self) -> Sequence[tuple[str, bool]]:
        """The heads of the columns, and whether each column has numbers."""
        columns = [list(column) for column in zip(*self.rows, strict=True)] or [[]]
        numeric = [
            any(cell.exact or cell.text == WITHHELD for cell in column) for column in columns
        ]
        padded = [*numeric, *[False] * len(self.columns)]
        return [(_head(head), cells) for head, cells in zip(self.columns, padded, strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One estimate as a row; `how` is the number of its method below the table."""

    label: str
    value: PageCell
    unit: str
    low: PageCell
    high: PageCell
    kind: str
    p: PageCell
    n: PageCell
    counts: Sequence[tuple[str, PageCell]]
    method: str
    population: str
    how: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSection:
    """One analysis on the page."""

    id: str
    heading: str
    outcome: Outcome
    parameters: Sequence[tuple[str, str]]
    figures: Sequence[Figure] = ()
    sheets: Sequence[PageTable] = ()
    lines: Sequence[Line] = ()
    hows: Sequence[str] = ()
    notes: Sequence[str] = ()
    cases: Sequence[tuple[str, str]] = ()

    @property
    def is_open(self) -> bool:
        """Whether its estimates are shown at once, and not only when a reader opens them."""
        return not self.sheets


def section(outcome: Outcome) -> AnalysisSection:
    """Return an outcome as a section, also one that failed or is not estimable."""
    name = f"analysis-{outcome.name}"
    parameters = [(key, words(value)) for key, value in outcome.parameters.items()]
    heading = title_of(outcome.name)
    result = outcome.result
    if result is None or result.reason:
        return AnalysisSection(id=name, heading=heading, outcome=outcome, parameters=parameters)
    hows: dict[str, int] = {}
    return AnalysisSection(
        id=name,
        heading=heading,
        outcome=outcome,
        parameters=parameters,
        figures=[figure(outcome.name, chart, result) for chart in result.charts],
        sheets=[sheet(outcome.name, table, result) for table in result.tables],
        lines=[line(outcome.name, estimate, hows) for estimate in result.estimates],
        hows=list(hows),
        notes=result.notes,
        cases=[
            (estimate.label or estimate.name, case)
            for estimate in result.estimates
            for case in estimate.cases
        ],
    )


def title_of(name: str) -> str:
    """Return a name of the study file as a heading: `first-week` becomes First week."""
    return name.replace("-", " ").capitalize()


def words(value: Any) -> str:
    """Return a plain value of the study file in words."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key.replace('_', ' ')}: {words(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value))
    return number(value) if isinstance(value, int | float) else str(value)


def slug(text: str) -> str:
    """Return a text as part of an id or a file name; if letters are lost, a digest is added."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")


def figure(analysis: str, chart: Chart, result: Result) -> Figure:
    """Return a chart in both widths, or the reason why it cannot be drawn."""
    name = f"chart-{analysis}-{slug(chart.name)}"
    try:
        wide = charts.svg(chart, result, name=name)
        narrow = charts.svg(chart, result, name=f"{name}-narrow", width=theme.NARROW)
    except charts.NotDrawn as problem:
        return Figure(title=chart.title, alt=chart.alt, problem=str(problem))
    return Figure(title=chart.title, alt=chart.alt, wide=wide, narrow=narrow)


def sheet(analysis: str, table: Table, result: Result) -> PageTable:
    """Return a table with the numbers that it cites."""
    return PageTable(
        id=f"table-{analysis}-{slug(table.name)}",
        title=table.title,
        columns=table.columns,
        rows=[[_cell(analysis, cell, result) for cell in row] for row in table.rows],
    )


def _head(text: str) -> str:
    """Return a column's head: words begin with a capital letter, `n` and `p` do not change."""
    return text[:1].upper() + text[1:] if len(text) > 2 else text


def _cell(analysis: str, cell: Cell, result: Result) -> PageCell:
    if isinstance(cell, Ref):
        return shown(analysis, result[cell.estimate], cell.field)
    if cell is None:
        return NOTHING
    return PageCell(text=cell if isinstance(cell, str) else number(cell))


def headlines(outcome: Outcome) -> list[Line]:
    """Return the key estimates of an outcome, also withheld ones."""
    keys = outcome.result.key_estimates if outcome.result else []
    return [line(outcome.name, key) for key in keys]


def line(analysis: str, estimate: Estimate, hows: dict[str, int] | None = None) -> Line:
    """Return an estimate as a row; `hows` numbers the methods."""
    hows = {} if hows is None else hows
    interval = estimate.interval
    n = (
        shown(analysis, estimate, "n")
        if estimate.visible_n is not None
        else PageCell(text=WITHHELD)
    )
    return Line(
        label=estimate.label or title_of(estimate.name),
        value=shown(analysis, estimate),
        unit=unit(estimate) if estimate.value is not None else "",
        low=shown(analysis, estimate, "low") if interval else NOTHING,
        high=shown(analysis, estimate, "high") if interval else NOTHING,
        kind=interval.kind if interval else "",
        p=shown(analysis, estimate, "p") if estimate.p is not None else NOTHING,
        n=n,
        counts=[] if estimate.withheld else list(_counts(analysis, estimate)),
        method=estimate.method,
        population=estimate.population,
        how=hows.setdefault(_how(estimate), len(hows) + 1),
    )


def _counts(analysis: str, estimate: Estimate) -> Iterator[tuple[str, PageCell]]:
    for name in estimate.counts:
        yield name, shown(analysis, estimate, f"count:{name}")


def _how(estimate: Estimate) -> str:
    hidden = f"{WITHHELD}: {estimate.withheld}" if estimate.withheld else ""
    return "; ".join(
        filter(None, [estimate.method, f"of {estimate.population}", estimate.note, hidden])
    )
