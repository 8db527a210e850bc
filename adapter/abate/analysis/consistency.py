"""Inconsistencies in a result: a table, chart, split or measure without its estimate."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from abate.analysis.model import Chart, Estimate, Ref, Result, Split, Table

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
# Populations that every study has: its totals show their numbers.
WHOLES = frozenset(
    {
        "analysed lesions",
        "patients with an analysed lesion",
        "lesions treated",
        "patients treated",
    }
)
# Keys of data inside a chart's specification, which the rule of small cells cannot hide.
_OWN_DATA = ("values", "url", "sequence", "sphere", "graticule")


def find_inconsistencies(result: Result) -> Iterator[str]:
    """Return what tables, charts, splits and measures cite that the estimates do not have."""
    names = [*(table.name for table in result.tables), *(chart.name for chart in result.charts)]
    yield from _badly_named(names)
    yield from _uneven(result.tables)
    for place, ref in _list_citations(result):
        try:
            result.cited(ref)
        except KeyError:
            yield f"{place} cites {ref.estimate!r}, {ref.field!r}, a number that does not exist"
    yield from _find_unmeasured(result)
    yield from _baseless(result.estimates)
    yield from _split_wrongly(result)
    for chart in result.charts:
        yield from _drawn_from_elsewhere(chart)


def _uneven(tables: Sequence[Table]) -> Iterator[str]:
    for table in tables:
        if any(len(row) != len(table.columns) for row in table.rows):
            yield f"the table {table.name!r} has a row with another number of cells than columns"


def _find_unmeasured(result: Result) -> Iterator[str]:
    names = {estimate.name for estimate in result.estimates}
    for measure in result.measures:
        strata = [name for parts in measure.strata.values() for name in parts.values()]
        for name in (measure.estimate, measure.initial, *strata):
            if name not in names:
                yield f"the measure {measure.title!r} is of {name!r}, which is not an estimate"


def _badly_named(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not _FILE.fullmatch(name):
            yield f"the name {name!r} must be letters, digits and '-', as file names are"
        if names.count(name) > 1:
            yield f"two tables or charts are called {name!r}"


def _list_citations(result: Result) -> Iterator[tuple[str, Ref]]:
    for table in result.tables:
        for row in table.rows:
            yield from (
                (f"the table {table.name!r}", cell) for cell in row if isinstance(cell, Ref)
            )
    for chart in result.charts:
        cells = (cell for rows in chart.data.values() for row in rows for cell in row.values())
        yield from ((f"the chart {chart.name!r}", cell) for cell in cells if isinstance(cell, Ref))


def _baseless(estimates: Sequence[Estimate]) -> Iterator[str]:
    names = {estimate.name for estimate in estimates}
    for estimate in estimates:
        for name in estimate.depends_on:
            if name not in names:
                yield f"the estimate {estimate.name!r} depends on {name!r}, not an estimate"


def _split_wrongly(result: Result) -> Iterator[str]:
    """Return what is wrong with a split: an unknown population, or parts that do not add up."""
    numbers = _numbers_of(result.estimates)
    parts = {(split.basis, name) for split in result.splits for name in split.parts}
    for split in result.splits:
        key = (split.basis, split.whole)
        if any(count < 0 for count in split.parts.values()):
            yield f"the split of {split.whole!r} has a negative part"
        elif not (
            key in parts or split.whole in WHOLES or key in numbers or _is_known(split, numbers)
        ):
            yield f"the split of {split.whole!r}: no estimate has such a population or count"
        elif numbers.get(key) and sum(split.parts.values()) not in numbers[key]:
            yield f"the parts of the split of {split.whole!r} do not add up to its number"


def _is_known(split: Split, numbers: Mapping[tuple[str, str], set[int]]) -> bool:
    """Whether a part is a number of this result; the whole may belong to another result."""
    return any((split.basis, name) in numbers for name in split.parts)


def _numbers_of(estimates: Sequence[Estimate]) -> dict[tuple[str, str], set[int]]:
    """Return n by population, and the counts by `POPULATION: COUNT` or `POPULATION: NAME`."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for estimate in estimates:
        if (n := estimate.visible_n) is not None:
            numbers.setdefault((estimate.basis, estimate.population), set()).add(n)
        for name, count in estimate.counts.items():
            for text in (name, estimate.name):
                numbers.setdefault((estimate.basis, f"{estimate.population}: {text}"), set()).add(
                    count
                )
    return numbers


def _drawn_from_elsewhere(chart: Chart) -> Iterator[str]:
    """Return the faults of a chart's data: inside its specification, or named and missing."""
    for data in _data_of(chart.spec):
        name = data.get("name")
        if any(key in data for key in _OWN_DATA):
            yield f"the chart {chart.name!r} holds data in its specification: give them as `data`"
        elif name is not None and name not in chart.data:
            yield f"the chart {chart.name!r} draws {name!r}, but has no data of that name"


def _data_of(spec: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each `data` of a specification and of its parts; `datasets` count as values."""
    if isinstance(spec, Mapping):
        if "datasets" in spec:
            yield {"values": ()}
        for key, inner in spec.items():
            if key == "data" and isinstance(inner, Mapping):
                yield inner
            else:
                yield from _data_of(inner)
    elif isinstance(spec, list | tuple):
        for inner in spec:
            yield from _data_of(inner)
