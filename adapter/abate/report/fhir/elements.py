"""The elements that several resources of a report have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from abate.analysis.results import Results
from abate.fhir.canonical import SYSTEM, is_stable, stable_id
from abate.report.rounding import is_below, round_number, round_p

Resource = dict[str, Any]
Version = Literal["R4", "R5"]

UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def name_of(resource: Mapping[str, Any]) -> str:
    """Return the name of a resource for messages, which may not show all ids.

    An id of ours is not about a person.
    """
    is_ours = is_stable(resource["id"])
    return f"{resource['resourceType']}{' ' if is_ours else '/'}{resource['id']}"


def reference_to(resource: Mapping[str, Any]) -> str:
    """`Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


def identifier(study: str, *parts: str) -> Resource:
    """Return our identifier of a part of a study's report."""
    return {"system": SYSTEM, "value": "/".join([study, *parts])}


def group_reference(results: Results) -> Resource:
    """Return a reference to the study's Group, the subject of the report."""
    return {"reference": f"Group/{stable_id(results.study, 'group')}"}


def list_reference(results: Results) -> Resource:
    """Return a reference to the study's List of index procedures."""
    return {"reference": f"List/{stable_id(results.study, 'index-procedures')}"}


def software(results: Results) -> Resource:
    """Return the author: this software, by name."""
    return {"display": f"abate {results.version}"}


def period(results: Results) -> Resource:
    """Return the period from the first index month to the last follow-up month."""
    start, end = results.period
    return {"start": start, "end": end}


def coding(system: str, code: str) -> Resource:
    """Return a Coding."""
    return {"system": system, "code": code}


def concept(system: str, code: str, text: str = "") -> Resource:
    """Return a CodeableConcept, with a text if there is one."""
    coded: Resource = {"coding": [coding(system, code)]}
    return {**coded, "text": text} if text else coded


def quantity(value: float, unit: str) -> Resource:
    """Return a Quantity with its UCUM unit, rounded for publication."""
    return {"value": round_number(value), "unit": unit.strip("{}"), "system": UCUM, "code": unit}


def p_quantity(p: float) -> Resource:
    """Return a Quantity of a p-value; if it is too small, less than the smallest number."""
    comparator = {"comparator": "<"} if is_below(p) else {}
    return {**quantity(round_p(p), "1"), **comparator}


def absent(text: str, code: str) -> Resource:
    """Return why there is no value: masked by a rule of small cells, not applicable, or unknown."""
    display = {"code": code, "display": code.replace("-", " ").title()}
    return {"coding": [{"system": f"{TERMINOLOGY}/data-absent-reason", **display}], "text": text}


def now() -> str:
    """Return the current time, which no digest contains."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
