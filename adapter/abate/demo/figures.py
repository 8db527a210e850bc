"""The figures of the report on a server, beside those of the paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import SourceError
from abate.identity import SYSTEM
from abate.report.fhir import report_id
from abate.report.narrative import number
from abate.source.http import FhirServer

Numbers = Mapping[str, float | None]
Statistics = Mapping[str, Mapping[str, float | None]]


class Printed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One figure as the paper prints it, and where ours stands in the report.

    `ours` is `analysis/statistic`, with `#p`, `#n`, `#low` or `#high` for another number than the
    value; or a table of such, for a figure of several numbers. `decimals` are those printed.
    """

    id: str
    title: str
    rule: str
    paper: float | dict[str, float] | None
    ours: str | dict[str, str]
    n: int | None = None
    decimals: int | None = None


class Paper(msgspec.Struct, forbid_unknown_fields=True):
    """The figures of a paper."""

    source: str
    figures: list[Printed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the paper beside ours; `agrees` is None where nothing can be compared."""

    id: str
    title: str
    rule: str
    paper: float | Mapping[str, float] | None
    ours: float | Numbers | None
    n: float | None
    agrees: bool | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {name: getattr(self, name) for name in self.__slots__}

    def as_rows(self) -> list[list[str]]:
        """For people: figure, what, paper, ours, equal; one line a number, then the rule."""
        equal = {True: "yes", False: "NO", None: "-"}[self.agrees]
        if isinstance(self.ours, Mapping) and isinstance(self.paper, Mapping):
            numbers = [
                ["", f"  {label}", _words(self.paper.get(label)), _words(ours), ""]
                for label, ours in self.ours.items()
            ]
            return [[self.id, self.title, "", "", equal], *numbers, self._rule()]
        n = "" if self.n is None else f" (n {self.n:g})"
        ours = None if isinstance(self.ours, Mapping) else self.ours
        paper = None if isinstance(self.paper, Mapping) else self.paper
        return [[self.id, self.title, _words(paper), _words(ours) + n, equal], self._rule()]

    def _rule(self) -> list[str]:
        return ["", f"  by: {self.rule}", "", "", ""]


def read_back(server: FhirServer, study: str) -> tuple[str, Statistics]:
    """The report's reference, and each of its statistics by `analysis/statistic`.

    Raises:
        SourceError: the server does not have the report, or a part of it.
    """
    report = f"DiagnosticReport/{report_id(study)}"
    statistics = {}
    for result in _resource(server, report)["result"]:
        observation = _resource(server, result["reference"])
        [name] = [i["value"] for i in observation["identifier"] if i["system"] == SYSTEM]
        statistics[name.removeprefix(f"{study}/")] = _numbers(observation)
    return report, statistics


def figures(paper: bytes, statistics: Statistics) -> list[Figure]:
    """Each figure of the paper beside the report's."""
    return [_figure(one, statistics) for one in msgspec.json.decode(paper, type=Paper).figures]


def agreement(found: list[Figure]) -> str:
    """One sentence on how many agree."""
    equal = sum(figure.agrees is True for figure in found)
    unequal = [figure.id for figure in found if figure.agrees is False]
    words = f"{equal} of {len(found)} readings are equal to the paper's"
    return f"{words}; not equal: {', '.join(unequal)}" if unequal else words


def _figure(printed: Printed, statistics: Statistics) -> Figure:
    ours: float | Numbers | None
    n = None
    if isinstance(printed.ours, str):
        ours = _look_up(printed.ours, statistics)
        n = _look_up(f"{printed.ours.partition('#')[0]}#n", statistics)
    else:
        ours = {label: _look_up(path, statistics) for label, path in printed.ours.items()}
    return Figure(
        id=printed.id,
        title=printed.title,
        rule=printed.rule,
        paper=printed.paper,
        ours=ours,
        n=n,
        agrees=_agrees(printed, ours, n),
    )


def _look_up(path: str, statistics: Statistics) -> float | None:
    name, _, field = path.partition("#")
    return statistics.get(name, {}).get(field or "value")


def _agrees(printed: Printed, ours: float | Numbers | None, n: float | None) -> bool | None:
    if printed.paper is None or ours is None:
        return None
    if printed.n is not None and printed.n != n:
        return False
    if isinstance(ours, Mapping) or isinstance(printed.paper, Mapping):
        return ours == printed.paper
    digits = printed.decimals
    return (ours if digits is None else round(ours, digits)) == printed.paper


def _resource(server: FhirServer, reference: str) -> dict[str, Any]:
    answer = server.read(reference)
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}: the report is not whole there")
    resource: dict[str, Any] = answer.json()
    return resource


def _numbers(observation: Mapping[str, Any]) -> dict[str, float | None]:
    numbers = {"value": observation.get("valueQuantity", {}).get("value")}
    names = {"n": "n", "p": "p", "interval-low": "low", "interval-high": "high"}
    for component in observation.get("component", ()):
        for coding in component["code"].get("coding", ()):
            if name := names.get(coding["code"]):
                quantity = component.get("valueQuantity", {}).get("value")
                numbers[name] = component.get("valueInteger", quantity)
    return numbers


def _words(value: float | None) -> str:
    return "-" if value is None else number(value)
