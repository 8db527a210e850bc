"""The results as CSV files, and the Table Schema that describes them.

One row is one estimate, one step, or one row of a table for people. The descriptor is a
Frictionless Data Package (https://specs.frictionlessdata.io/tabular-data-package/).
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import msgspec

from abate.analysis.model import Cell, Estimate, Ref, Result, Table
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.fhir.canonical import TABLES
from abate.report.page.sections import slug

Value = str | int | float | bool | None
# A spreadsheet runs a cell that begins with one of these as a formula
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
DESCRIPTOR = "datapackage.json"

_ESTIMATES = {
    "analysis": ("string", "the name in the study file"),
    "use": ("string", "the kind of analysis"),
    "primary": ("boolean", "whether it is the primary endpoint"),
    "estimate": ("string", "its name within the analysis"),
    "label": ("string", "its name for people"),
    "key": ("boolean", "whether it is a key estimate, which is shown first"),
    "statistic": ("string", "the kind of number"),
    "value": ("number", "empty: not estimable, or withheld"),
    "unit": ("string", "UCUM code of value, low and high"),
    "low": ("number", "the low end of the interval"),
    "high": ("number", "the high end of the interval"),
    "interval": ("string", "the kind of interval"),
    "p": ("number", "two-sided p-value"),
    "n": ("integer", "the number of units that it was computed from; empty: withheld"),
    "basis": ("string", "the unit of n and counts"),
    "counts": ("object", "the counts that it was computed from, by name, as JSON"),
    "method": ("string", "the full name of the method"),
    "population": ("string", "which units"),
    "note": ("string", "a note for the reader"),
    "cases": ("array", "sentences that name single units, as JSON"),
    "withheld": ("string", "the rule that hides it; empty: not hidden"),
}
_STEPS = {
    "stage": ("string", "the stage"),
    "reason": ("string", "reason, rule or visit; empty: all"),
    "unit": ("string", "what is counted"),
    "n": ("integer", "the count; empty: withheld"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """One CSV file: its name without suffix, title, columns as (name, type, meaning), rows."""

    name: str
    title: str
    columns: Sequence[tuple[str, str, str]]
    rows: Sequence[Sequence[Value]]


def sheets(results: Results) -> list[CsvTable]:
    """Return all files: estimates, attrition, and the tables of each analysis."""
    tables = [_estimates(results), _attrition(results)]
    for outcome in results.outcomes:
        if outcome.result is not None:
            tables += [
                _table(outcome.name, table, outcome.result) for table in outcome.result.tables
            ]
    return [_mark(sheet, results.release) for sheet in tables]


def _mark(sheet: CsvTable, release: str) -> CsvTable:
    """Add to each row whether it may be released, so that each file alone says so."""
    mark = ("release", "string", "whether this may be released")
    rows = [[*row, release] for row in sheet.rows]
    return replace(sheet, columns=[*sheet.columns, mark], rows=rows)


def as_csv(sheet: CsvTable) -> bytes:
    """Return the file: UTF-8, commas, CRLF (RFC 4180); a ' comes before text that could run."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([_inert(name) for name, _, _ in sheet.columns])
    writer.writerows([[_format(value) for value in row] for row in sheet.rows])
    return text.getvalue().encode()


def descriptor(results: Results, files: Sequence[CsvTable]) -> bytes:
    """Return the data package: the files and their columns."""
    package = {
        "profile": "tabular-data-package",
        "name": results.study,
        "id": f"{TABLES}#{results.study}",
        "title": results.title,
        "description": f"Computed by abate {results.version}. {results.release.capitalize()}.",
        "resources": [_resource(sheet) for sheet in files],
    }
    return msgspec.json.format(msgspec.json.encode(package), indent=2) + b"\n"


def _resource(sheet: CsvTable) -> Mapping[str, Any]:
    fields = [
        {"name": _inert(name), "type": kind, **({"description": says} if says else {})}
        for name, kind, says in sheet.columns
    ]
    return {
        "profile": "tabular-data-resource",
        "name": sheet.name,
        "title": sheet.title,
        "path": f"{sheet.name}.csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _estimates(results: Results) -> CsvTable:
    rows = [
        _estimate(outcome, estimate)
        for outcome in results.outcomes
        if outcome.result is not None
        for estimate in outcome.result.estimates
    ]
    return CsvTable(name="estimates", title="Estimates", columns=_columns(_ESTIMATES), rows=rows)


def _estimate(outcome: Outcome, estimate: Estimate) -> list[Value]:
    interval = estimate.interval
    given: dict[str, Value] = {
        "analysis": outcome.name,
        "use": outcome.use,
        "primary": outcome.primary,
        "estimate": estimate.name,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "interval": interval.kind if interval else "",
        "counts": _json(estimate.counts) if estimate.counts else "",
        "cases": _json(estimate.cases) if estimate.cases else "",
    }
    return [given[name] if name in given else getattr(estimate, name) for name in _ESTIMATES]


def _attrition(results: Results) -> CsvTable:
    rows = [[getattr(step, name) for name in _STEPS] for step in results.attrition]
    return CsvTable(name="attrition", title="Attrition", columns=_columns(_STEPS), rows=rows)


def _table(analysis: str, table: Table, result: Result) -> CsvTable:
    rows = [[_resolve(cell, result) for cell in row] for row in table.rows]
    columns = [
        (name, _kind(column), "") for name, column in zip(table.columns, _turn(rows), strict=False)
    ]
    return CsvTable(
        name=f"{analysis}-{slug(table.name)}",
        title=table.title,
        columns=columns or [(name, "string", "") for name in table.columns],
        rows=rows,
    )


def _turn(rows: Sequence[Sequence[Value]]) -> Iterator[tuple[Value, ...]]:
    return zip(*rows, strict=True)


def _kind(column: Sequence[Value]) -> str:
    known = [value for value in column if value is not None]
    is_number = bool(known) and all(isinstance(value, int | float) for value in known)
    return "number" if is_number else "string"


def _resolve(cell: Cell, result: Result) -> Value:
    return result.cited(cell) if isinstance(cell, Ref) else cell


def _columns(named: Mapping[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(name, kind, says) for name, (kind, says) in named.items()]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _format(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _inert(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
