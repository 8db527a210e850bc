"""Take a study's whole report back, from what stands on the target alone.

Nothing is deleted: each resource says by its status that it is withdrawn, and a Provenance of
its own tells when. The report may be published again.
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
    find_own,
    list_references,
    read_existing,
    refuse_unmarked,
    ways_in,
)
from abate.publish.retract_status import retract
from abate.publish.study_key import Owner
from abate.publish.target import TargetServer
from abate.report.fhir.bundle import TEST_DATA
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource, now, reference_to
from abate.report.fhir.narrative import narrative


class NothingStands(PublishRefused):
    """Nothing of the study stands on the target."""


def retractions(target: TargetServer, study: Study, owner: Owner, why: str = "") -> list[Change]:
    """What taking the study's report back would change on the target.

    The DiagnosticReport and the Provenance that stand there name what was written, so that no
    results are needed. The second time all is unchanged. `why` is said by the DiagnosticReport in
    the place of its conclusion.

    Raises:
        NothingStands: nothing of the study stands there.
        PublishRefused: it carries another study key, or it cannot be taken back.
        SourceError: the target does not answer as a FHIR server.
    """
    found = [one.resource for one in _read_existing(target, study)]
    owner.refuse_other(target.base, found)
    changes = [owner.adopt(_with_reason(why, retract(one))) for one in found]
    provenance = _record(target, study, changes)
    if reason := target.inability(
        one.reference.partition("/")[0] for one in [*changes, provenance]
    ):
        raise PublishRefused(f"{reason}: nothing was taken back.")
    return [*changes, provenance]


def _with_reason(why: str, one: Change) -> Change:
    """The retraction of the DiagnosticReport with the reason for it; of another as it is."""
    is_report = one.action == "retract" and one.resource["resourceType"] == "DiagnosticReport"
    if not (why and is_report):
        return one
    said = {"conclusion": why, "conclusionCode": [{"text": "correction pending"}]}
    return replace(
        one,
        resource=mark({**one.resource, **said}),
        differs=(*one.differs, *said),
        worded=(*one.worded, *said),
    )


def _read_existing(target: TargetServer, study: Study) -> list[Own]:
    """All that the study has on the target but the Provenance, which stays as it is."""
    names = ways_in(study.id)
    report, provenance = (read_existing(target.server, name) for name in names)
    subject = str((report or {}).get("subject", {}).get("reference"))
    written = list_references(target.server, provenance, report)
    found = find_own(target.server, study.id, [*written, subject, names[0]], besides=(names[1],))
    if not found:
        raise NothingStands(
            f"nothing of the study {study.id!r} stands on {target.base}: there is nothing to take "
            "back. Check [study] id and the url of the target in the study file."
        )
    return found


def _record(target: TargetServer, study: Study, changes: Sequence[Change]) -> Change:
    """The Provenance of the retraction: written whenever something is taken back."""
    resource = _provenance(study, [one.reference for one in changes if one.action != "left"])
    found = read_existing(target.server, reference_to(resource))
    refuse_unmarked(target.server, resource, found)
    one = change(resource, found)
    if one.action == "unchanged" and any(other.action == "retract" for other in changes):
        return replace(one, action="update", differs=("recorded",), worded=("recorded",))
    return one


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
