"""The resource types that the sandbox supports, and their search parameters.

These tables drive the search, the CapabilityStatement and the refusals.
Legend: the parameter's name, its type, and the elements that it searches. `only` limits
references to one type. The elements are those of https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter."""

    kind: Literal["token", "reference", "date", "uri"]
    elements: tuple[str, ...]
    only: str | None = None


def _token(*elements: str) -> Parameter:
    return Parameter("token", elements)


def _date(*elements: str) -> Parameter:
    return Parameter("date", elements)


def _reference(*elements: str) -> Parameter:
    return Parameter("reference", elements)


_ALL = {
    "_id": _token("id"),
    "_lastUpdated": _date("meta.lastUpdated"),
    "_tag": _token("meta.tag"),
    "_security": _token("meta.security"),
}
_IDENTIFIER = {"identifier": _token("identifier")}
_STATUS = {"status": _token("status")}
_CODE = {"code": _token("code")}
_CATEGORY = {"category": _token("category")}
_ENCOUNTER = {"encounter": _reference("encounter")}
_SUBJECT = {
    "patient": Parameter("reference", ("subject",), only="Patient"),
    "subject": _reference("subject"),
}
_CLINICAL = _IDENTIFIER | _CODE | _CATEGORY | _SUBJECT | _ENCOUNTER
_CANONICAL = _IDENTIFIER | _STATUS | {"url": Parameter("uri", ("url",)), "date": _date("date")}

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "CodeSystem": _ALL | _CANONICAL | {"code": _token("concept.code")},
    "Condition": _ALL | _CLINICAL,
    "DiagnosticReport": _ALL
    | _CLINICAL
    | _STATUS
    | {"date": _date("effectiveDateTime", "effectivePeriod")},
    "Encounter": _ALL
    | _IDENTIFIER
    | _STATUS
    | _SUBJECT
    | {"part-of": _reference("partOf"), "date": _date("period")},
    "Group": _ALL | _IDENTIFIER | _CODE,
    "List": _ALL | _IDENTIFIER | _STATUS | _CODE | _SUBJECT | _ENCOUNTER | {"date": _date("date")},
    "Measure": _ALL | _CANONICAL,
    "MeasureReport": _ALL | _IDENTIFIER | _STATUS | _SUBJECT | {"date": _date("date")},
    "Observation": _ALL
    | _CLINICAL
    | _STATUS
    | {
        "focus": _reference("focus"),
        "part-of": _reference("partOf"),
        "date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
    },
    "Organization": _ALL | _IDENTIFIER,
    "Patient": _ALL | _IDENTIFIER | {"link": _reference("link.other")},
    "Practitioner": _ALL | _IDENTIFIER,
    "Procedure": _ALL
    | _CLINICAL
    | _STATUS
    | {
        "part-of": _reference("partOf"),
        "date": _date("performedDateTime", "performedPeriod"),
    },
    "Provenance": _ALL
    | {
        "target": _reference("target"),
        "patient": Parameter("reference", ("target",), only="Patient"),
    },
}
