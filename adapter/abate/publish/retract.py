"""Retract a study's whole report; only the target is needed, and no results.

Nothing is deleted: each resource gets a status that says it is withdrawn, and a Provenance of the
retraction has the time. The report may be published again.
"""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from importlib.metadata import version

from abate.config.settings import Study
from abate.errors import PublishRefused
from abate.fhir.canonical import stable_id
from abate.publish.change import Change, change
from abate.publish.existing import (
    Own,
    entry_points,
    find_own,
    list_references,
    read_existing,
    refuse_unmarked,
)
from abate.publish.retract_status import retract
from abate.publish.study_key import Owner
from abate.publish.target import TargetServer
from abate.report.fhir.bundle import TEST_DATA
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource, now, reference_to
from abate.report.fhir.narrative import narrative


class NothingStands(PublishRefused):
    """The target has no resource of the study."""


def retractions(target: TargetServer, study: Study, owner: Owner, why: str = "") -> list[Change]:
    """Return the changes that retract the study's report on the target.

    The DiagnosticReport and the Provenance there name all resources, so no results are needed. A
    second retraction changes nothing. `why` replaces the conclusion of the DiagnosticReport.

    Raises:
        NothingStands: the target has no resource of the study.
        PublishRefused: the report has another study key, or cannot be retracted.
        SourceError: the target does not answer as a FHIR server.
    """
    resources = [own.resource for own in _read_existing(target, study)]
    owner.refuse_other(target.base, resources)
    changes = [owner.adopt(_with_reason(why, retract(resource))) for resource in resources]
    provenance = _record(target, study, changes)
    if reason := target.inability(
        item.reference.partition("/")[0] for item in [*changes, provenance]
    ):
        raise PublishRefused(f"{reason}: nothing was retracted.")
    return [*changes, provenance]


def _with_reason(why: str, item: Change) -> Change:
    """Add the reason to the retraction of the DiagnosticReport; others stay as they are."""
    is_report = item.action == "retract" and item.resource["resourceType"] == "DiagnosticReport"
    if not (why and is_report):
        return item
    conclusion = {"conclusion": why, "conclusionCode": [{"text": "correction pending"}]}
    return replace(
        item,
        resource=mark({**item.resource, **conclusion}),
        differs=(*item.differs, *conclusion),
        worded=(*item.worded, *conclusion),
    )


def _read_existing(target: TargetServer, study: Study) -> list[Own]:
    """Return all resources of the study on the target except the Provenance, which stays."""
    names = entry_points(study.id)
    report, provenance = (read_existing(target.server, name) for name in names)
    subject = str((report or {}).get("subject", {}).get("reference"))
    written = list_references(target.server, provenance, report)
    owns = find_own(target.server, study.id, [*written, subject, names[0]], besides=(names[1],))
    if not owns:
        raise NothingStands(
            f"{target.base} has no resource of the study {study.id!r}: there is nothing to "
            "retract. Check [study] id and the url of the target in the study file."
        )
    return owns


def _record(target: TargetServer, study: Study, changes: Sequence[Change]) -> Change:
    """Return the Provenance of the retraction, which is written whenever something is retracted."""
    resource = _provenance(study, [item.reference for item in changes if item.action != "left"])
    existing = read_existing(target.server, reference_to(resource))
    refuse_unmarked(target.server, resource, existing)
    record = change(resource, existing)
    if record.action == "unchanged" and any(other.action == "retract" for other in changes):
        return replace(record, action="update", differs=("recorded",), worded=("recorded",))
    return record


def _provenance(study: Study, targets: Sequence[str]) -> Resource:
    software = f"abate {version('abate')}"
    resource: Resource = {
        "resourceType": "Provenance",
        "id": stable_id(study.id, "retraction"),
        "text": narrative(f"<p>Report of the study {escape(study.id)} taken back.</p>"),
        "target": [{"reference": name} for name in sorted(targets)],
        "recorded": now(),
        "activity": {"text": "retraction of pain outcomes"},
        "agent": [{"who": {"display": software}}],
    }
    if study.synthetic:
        resource["meta"] = {"security": [TEST_DATA]}
    return mark(resource)
