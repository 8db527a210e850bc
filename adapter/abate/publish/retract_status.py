"""How a resource is taken back: by its status, as FHIR has one for each type, and never deleted."""

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
    """Whether abate knows how to take back a resource of this type."""
    return resource["resourceType"] in _ELEMENTS


def is_retracted(resource: Mapping[str, Any]) -> bool:
    """Whether a resource says that it was taken back."""
    taken_back = _ELEMENTS.get(resource["resourceType"])
    if taken_back is None:
        return False
    return all(resource.get(key) == value for key, value in taken_back.items())


def retract(found: Resource) -> Change:
    """A resource as it stands on the target, taken back; unchanged if it is already, or left."""
    if not is_retractable(found):
        why = (
            f"abate does not know how resources of the type {found['resourceType']} are taken back"
        )
        return Change(resource=found, action="left", version=version(found), why=why)
    if is_retracted(found):
        return leave(found)
    taken_back = _ELEMENTS[found["resourceType"]]
    resource = {**without_their_meta(found), **taken_back}
    return Change(
        resource=mark(resource),
        action="retract",
        version=version(found),
        differs=tuple(taken_back),
        worded=tuple(taken_back),
    )


def without_their_meta(found: Resource) -> Resource:
    """A resource of a server without what the server put into its `meta`."""
    theirs = ("versionId", "lastUpdated", "source")
    meta = {key: one for key, one in found.get("meta", {}).items() if key not in theirs}
    rest = {key: one for key, one in found.items() if key != "meta"}
    return {**rest, "meta": meta} if meta else rest  # FHIR has no empty objects.
