"""Retract a resource by the status that FHIR has for its type; nothing is deleted."""

from collections.abc import Mapping
from typing import Any

from abate.publish.change import Change, leave, version
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource

# https://hl7.org/fhir/R4/valueset-observation-status.html and its siblings; the same in R5.
_STATUS = {
    "Composition": "entered-in-error",
    "DiagnosticReport": "entered-in-error",
    "DocumentReference": "entered-in-error",
    "Evidence": "retired",
    "EvidenceVariable": "retired",
    "Library": "retired",
    "List": "entered-in-error",
    "Measure": "retired",
    "MeasureReport": "error",
    "Observation": "entered-in-error",
    "RiskAssessment": "entered-in-error",
}
_ELEMENTS: Mapping[str, Mapping[str, Any]] = {
    **{kind: {"status": status} for kind, status in _STATUS.items()},
    "Group": {"active": False},
}


def is_retractable(resource: Mapping[str, Any]) -> bool:
    """Whether abate can retract a resource of this type."""
    return resource["resourceType"] in _ELEMENTS


def is_retracted(resource: Mapping[str, Any]) -> bool:
    """Whether a resource was retracted."""
    taken_back = _ELEMENTS.get(resource["resourceType"])
    if taken_back is None:
        return False
    return all(resource.get(key) == value for key, value in taken_back.items())


def retract(existing: Resource) -> Change:
    """Return the retraction of a resource on the target; unchanged if it was retracted before."""
    if not is_retractable(existing):
        why = f"abate cannot retract resources of the type {existing['resourceType']}"
        return Change(resource=existing, action="left", version=version(existing), why=why)
    if is_retracted(existing):
        return leave(existing)
    taken_back = _ELEMENTS[existing["resourceType"]]
    resource = {**without_their_meta(existing), **taken_back}
    return Change(
        resource=mark(resource),
        action="retract",
        version=version(existing),
        differs=tuple(taken_back),
        worded=tuple(taken_back),
    )


def without_their_meta(existing: Resource) -> Resource:
    """Return a resource of a server without the elements that the server put into its `meta`."""
    theirs = ("versionId", "lastUpdated", "source")
    meta = {key: value for key, value in existing.get("meta", {}).items() if key not in theirs}
    rest = {key: value for key, value in existing.items() if key != "meta"}
    return {**rest, "meta": meta} if meta else rest  # FHIR forbids empty objects.
