"""The statistics of a report, read back from a server; and the paper's figures as a table."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from abate.errors import SourceError
from abate.identity import SYSTEM
from abate.paper import Figure, Stated
from abate.report.fhir import report_id
from abate.report.narrative import number
from abate.source.http import FhirServer

_NUMBERS = {"n": "n", "p": "p", "interval-low": "low", "interval-high": "high"}


def read_back(server: FhirServer, study: str) -> tuple[str, dict[str, Stated]]:
    """The report's reference, and each of its statistics by `analysis/statistic`.

    Raises:
        SourceError: the server does not have the report, or a part of it.
    """
    report = f"DiagnosticReport/{report_id(study)}"
    statistics = {}
    for result in _resource(server, report)["result"]:
        observation = _resource(server, result["reference"])
        [name] = [i["value"] for i in observation["identifier"] if i["system"] == SYSTEM]
        statistics[name.removeprefix(f"{study}/")] = _stated(observation)
    return report, statistics


def rows(figure: Figure) -> list[list[str]]:
    """For people: figure, what, paper, ours, equal; one line a number, the rule, the remarks."""
    equal = {True: "yes", False: "NO", None: "-"}[figure.agrees]
    below = [["", f"  by: {figure.rule}", "", "", ""]]
    below += [["", f"  but: {remark}", "", "", ""] for remark in figure.remarks]
    if isinstance(figure.ours, Mapping) and isinstance(figure.paper, Mapping):
        numbers = [
            ["", f"  {label}", _words(figure.paper.get(label)), _words(ours), ""]
            for label, ours in figure.ours.items()
        ]
        return [[figure.id, figure.title, "", "", equal], *numbers, *below]
    n = "" if figure.n is None else f" (n {figure.n:g})"
    ours = None if isinstance(figure.ours, Mapping) else figure.ours
    paper = None if isinstance(figure.paper, Mapping) else figure.paper
    return [[figure.id, figure.title, _words(paper), _words(ours) + n, equal], *below]


def agreement(found: list[Figure]) -> str:
    """One sentence on how many agree."""
    equal = sum(figure.agrees is True for figure in found)
    unequal = [figure.id for figure in found if figure.agrees is False]
    words = f"{equal} of {len(found)} readings are equal to the paper's"
    return f"{words}; not equal: {', '.join(unequal)}" if unequal else words


def _resource(server: FhirServer, reference: str) -> dict[str, Any]:
    answer = server.read(reference)
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}: the report is not whole there")
    resource: dict[str, Any] = answer.json()
    return resource


def _stated(observation: Mapping[str, Any]) -> Stated:
    numbers = {"value": observation.get("valueQuantity", {}).get("value")}
    for component in observation.get("component", ()):
        for coding in component["code"].get("coding", ()):
            name = _NUMBERS.get(coding["code"])
            if coding["code"] == "count":
                name = f"count:{component['code']['text']}"
            if name:
                quantity = component.get("valueQuantity", {}).get("value")
                numbers[name] = component.get("valueInteger", quantity)
    return Stated(numbers=numbers, notes=[note["text"] for note in observation.get("note", ())])


def _words(value: float | None) -> str:
    return "-" if value is None else number(value)
