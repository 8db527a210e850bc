"""The statistics of a report, read back from a server."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from abate.analysis.model import WITHHELD_N, Estimate, Interval
from abate.errors import SourceError
from abate.fhir.canonical import SYSTEM
from abate.fhir.client import FhirServer
from abate.report.fhir.bundle import report_id


def read_back(server: FhirServer, study: str) -> tuple[str, dict[str, Estimate]]:
    """The report's reference, and each of its statistics by `analysis/statistic`.

    Raises:
        SourceError: the server does not have the report, or a part of it.
    """
    report = f"DiagnosticReport/{report_id(study)}"
    statistics = {}
    for result in _resource(server, report)["result"]:
        observation = _resource(server, result["reference"])
        [name] = [i["value"] for i in observation["identifier"] if i["system"] == SYSTEM]
        name = name.removeprefix(f"{study}/")
        statistics[name] = _estimate(name.partition("/")[2], observation)
    return report, statistics


def _resource(server: FhirServer, reference: str) -> dict[str, Any]:
    answer = server.get(reference)
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}: the report is not whole there")
    resource: dict[str, Any] = answer.json()
    return resource


def _estimate(name: str, observation: Mapping[str, Any]) -> Estimate:
    """An Observation as the estimate that it was made from, as far as it says it."""
    numbers, counts = {}, {}
    for component in observation.get("component", ()):
        number = component.get("valueInteger", component.get("valueQuantity", {}).get("value"))
        for coding in component["code"].get("coding", ()):
            if coding["code"] == "count":
                counts[component["code"]["text"]] = number
            else:
                numbers[coding["code"]] = number
    low, high = numbers.get("interval-low"), numbers.get("interval-high")
    return Estimate(
        name=name,
        value=observation.get("valueQuantity", {}).get("value"),
        n=numbers.get("n", WITHHELD_N),
        p=numbers.get("p"),
        interval=None if low is None or high is None else Interval(low=low, high=high, kind=""),
        counts=counts,
        cases=[note["text"] for note in observation.get("note", ())],
        method="",
        population="",
    )
