"""What a release says: every number of it, read as any reader of FHIR would.

The Observations, the MeasureReports, the Group and the tables of the DiagnosticReport say the same
figures: what one of them hides is taken from another one.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from abate.fhir.canonical import COMPONENT, SYSTEM

RETRACTED = {"entered-in-error", "error", "retired"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
FLOW = "flow/treated-patients"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One estimate: its name in the report, and each number that is shown of it."""

    name: str
    kind: str
    n: int | None
    value: float | None
    unit: str
    label: str
    others: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_of_values(self) -> bool:
        """Whether it shows something that was made of its units' values."""
        return self.value is not None or self.others > 0


def figures(resources: Iterable[Mapping[str, Any]]) -> dict[str, Figure]:
    """The figures of a release by `analysis/estimate`; what was retracted says nothing."""
    standing = [one for one in resources if not _is_retracted(one)]
    read = {
        f"Observation/{one['id']}": _figure(one)
        for one in standing
        if one["resourceType"] == "Observation"
    }
    found = {one.name: one for one in read.values()}
    for other in _others(standing, read):
        found[other.name] = _joined(found.get(other.name), other)
    return found


def _is_retracted(resource: Mapping[str, Any]) -> bool:
    return resource.get("status") in RETRACTED or resource.get("active") is False


def _others(standing: Sequence[Mapping[str, Any]], read: Mapping[str, Figure]) -> Iterator[Figure]:
    """What the other resources say of the same figures, and of the flow."""
    for one in standing:
        if one["resourceType"] == "MeasureReport":
            yield from _measured(one)
        elif one["resourceType"] == "Group" and "quantity" in one:
            yield _plain(FLOW, n=one["quantity"])
        elif one["resourceType"] == "DiagnosticReport":
            listed = [read[part["reference"]] for part in one["result"]]
            yield from _tabled(one["text"]["div"], listed)


def _joined(one: Figure | None, other: Figure) -> Figure:
    """One figure as two resources say it.

    Tables round what they show, so that a number that is there is kept.
    """
    if one is None:
        return other
    return replace(
        one,
        n=other.n if one.n is None else one.n,
        value=other.value if one.value is None else one.value,
        others=max(one.others, other.others),
        counts={**other.counts, **one.counts},
    )


def _plain(name: str, **shown: Any) -> Figure:
    empty = {"kind": "", "n": None, "value": None, "unit": "", "label": "", "others": 0}
    return Figure(**{"name": name, **empty, **shown})


def _name(resource: Mapping[str, Any]) -> str:
    ours = [one for one in resource["identifier"] if one["system"] == SYSTEM]
    [name] = [one["value"].split("/", 1)[1] for one in ours]
    return str(name)


def _figure(resource: Mapping[str, Any]) -> Figure:
    parts = list(_components(resource))
    quantity = resource.get("valueQuantity", {})
    return Figure(
        name=_name(resource),
        kind=resource["code"]["coding"][0]["code"],
        label=resource["code"]["text"],
        n=next((part.get("valueInteger") for code, _, part in parts if code == "n"), None),
        value=quantity.get("value"),
        unit=quantity.get("code", ""),
        others=sum("valueQuantity" in part for _, _, part in parts),
        counts={text: part["valueInteger"] for code, text, part in parts if code == "count"},
    )


def _components(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for part in resource.get("component", ()):
        code = part["code"]
        [ours] = [one["code"] for one in code["coding"] if one["system"] == COMPONENT]
        yield ours, code.get("text", ""), part


def _measured(report: Mapping[str, Any]) -> Iterator[Figure]:
    """The proportion of a MeasureReport, and that of each stratum."""
    name = _name(report).removesuffix("/measure-report")
    for group in report["group"]:
        yield _populations(name, group)
        for by in group.get("stratifier", ()):
            for stratum in by["stratum"]:
                [part] = stratum["component"]
                value = part["value"]["text"].replace(" ", "-")
                yield _populations(f"{name}-{by['code'][0]['text']}-{value}", stratum)


def _populations(name: str, group: Mapping[str, Any]) -> Figure:
    counts = {
        one["code"]["coding"][0]["code"]: one["count"]
        for one in group["population"]
        if "count" in one
    }
    numerator = {"numerator": counts["numerator"]} if "numerator" in counts else {}
    score = group["measureScore"].get("value")
    return _plain(
        name, kind="proportion", n=counts.get("denominator"), value=score, counts=numerator
    )


def _tabled(text: str, listed: Sequence[Figure]) -> Iterator[Figure]:
    """The rows of a report's tables: of each analysis one table, of each estimate one row."""
    for analysis, table in re.findall(r"<h2>(.*?)</h2>(.*?)(?=<h2>|$)", text, re.DOTALL):
        named = [one for one in listed if one.name.split("/")[0] == unescape(analysis)]
        rows = [_cells(row) for row in re.findall(r"<tr>(.*?)</tr>", table) if "<td>" in row]
        for figure, (label, value, interval, n, p, *_) in zip(named, rows, strict=True):
            assert label == figure.label
            shown = _number(n)
            yield _plain(
                figure.name,
                value=_number(value),
                n=None if shown is None else int(shown),
                others=sum(_number(one) is not None for one in (interval, p)),
            )


def _cells(row: str) -> list[str]:
    return [unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", row)]


def _number(cell: str) -> float | None:
    """The number that a cell begins with."""
    found = NUMBER.match(cell)
    return float(found[0]) if found else None


def numbers_of(resources: Iterable[Mapping[str, Any]]) -> set[str]:
    """All numbers of the resources but the page, as a table may write them: 0.35 as 35 and 35.0."""
    found = set[float]()
    for one in resources:
        if one["resourceType"] in ("Observation", "MeasureReport", "Group"):
            its = set(_numbers({**one, "id": "", "identifier": "", "text": ""}))
            shares = {part / whole for part in its for whole in its if 0 <= part <= whole > 0}
            found |= {*its, *(100 * one for one in {*its, *shares})}
    return {
        form.format(number)
        for number in found
        for form in ("{:g}", "{:.0f}", "{:.1f}", "{:.2f}", "{:.3f}", "{:.4f}")
    }


def _numbers(given: Any) -> Iterator[float]:
    if isinstance(given, Mapping):
        for one in given.values():
            yield from _numbers(one)
    elif isinstance(given, list):
        for one in given:
            yield from _numbers(one)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        yield float(given)


def page_numbers(resources: Iterable[Mapping[str, Any]]) -> set[str]:
    """All numbers in the cells of the tables of the page that a DiagnosticReport holds."""
    [report] = [one for one in resources if one["resourceType"] == "DiagnosticReport"]
    page = base64.b64decode(report["presentedForm"][0]["data"]).decode()
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, re.DOTALL)
    return {number for cell in cells for number in NUMBER.findall(_cells(f"<td>{cell}</td>")[0])}
