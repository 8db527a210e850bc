"""Compare a report with a target: the new, changed, unchanged and retracted resources.

Each resource has a stable id, so that publishing twice makes no duplicate, and an unchanged
resource is not written. A resource that the study no longer makes is retracted: it stays on the
target, as entered in error. `transaction` writes the changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from abate.analysis.loader import Host
from abate.analysis.results import Results
from abate.config.settings import Settings, StudyFile
from abate.disclosure import rule_of
from abate.errors import PublishRefused
from abate.http.urls import is_loopback
from abate.publish.change import Change, change, leave
from abate.publish.existing import (
    entry_points,
    read_all_existing,
    refuse_elsewhere,
    refuse_unmarked,
)
from abate.publish.leftovers import Leftovers, remaining, with_leftovers
from abate.publish.retract_status import is_retracted, retract
from abate.publish.study_key import Owner
from abate.publish.target import TargetServer
from abate.publish.transaction import keep
from abate.report.fhir.bundle import OPTIONAL, context_of, references
from abate.report.fhir.elements import Resource, reference_to
from abate.telemetry.status import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """The user's options of a publication.

    Attributes:
        adopts: take over a report with another study key, or without one.
        replaces: retract the report on the target first, and let the new one not wait, even if it
            discloses single units together with earlier releases.
    """

    adopts: bool = False
    replaces: bool = False


PUBLISH = Publishing()


def least_group(settings: Settings) -> int:
    """Return the least number of units that releases may tell apart together; 1 without a rule."""
    if settings.study.synthetic or settings.audience != "public":
        return 1
    return rule_of(settings.report.minimum_cell).minimum


def refuse(study_file: StudyFile, results: Results) -> None:
    """Stop if a rule of the study file forbids to publish.

    Raises:
        PublishRefused: names the rule and the key of the study file.
    """
    settings = study_file.settings
    if results.study_digest != study_file.digest:
        raise PublishRefused(
            "the study file, its code lists, or a --set of the command line has changed since the "
            f"run. Run the study again: {study_file.again('run')}"
        )
    auth = (settings.target or settings.source).auth
    is_shut = is_loopback(settings.target_url) or auth.kind != "none"
    if not (settings.study.synthetic or is_shut):
        raise PublishRefused(
            f"{settings.target_url} is not on this machine and needs no login: anybody may read "
            "what is written there. If it does need one, add [target.auth]. Set [study] synthetic "
            "= true only if no patient is real."
        )


def compare(
    target: TargetServer,
    resources: Sequence[Resource],
    results: Results,
    owner: Owner,
    *,
    folder: Path | None = None,
) -> list[Change]:
    """Return the change of each resource of the report, and what to retract on the target.

    Args:
        target: the target.
        resources: the report, without the study's key.
        results: the results; resources of an analysis that failed stay unchanged.
        owner: the store that publishes the study.
        folder: gets the Bundle if the target cannot take a report.

    Raises:
        PublishRefused: the target cannot take a report, has a resource of somebody else under one
            of its ids, has the report under other ids, or has one with another study key.
        SourceError: the target does not answer as a FHIR server.
    """
    resources = [owner.mark(resource) for resource in resources]
    taken, left = _taken(target, resources)
    if reason := target.inability(resource["resourceType"] for resource in taken):
        raise PublishRefused(f"{reason}: nothing was written.{_left(target, resources, folder)}")
    existing = read_all_existing(target.server, map(reference_to, taken), target.log)
    for item in taken:
        refuse_unmarked(target.server, item, existing[reference_to(item)])
        if existing[reference_to(item)] is None and reference_to(item) in entry_points(
            results.study
        ):
            refuse_elsewhere(target.server, item)
    remains = remaining(target.server, results, existing)
    owner.refuse_other(target.base, [*existing.values(), *remains.all])
    whole = [with_leftovers(resource, results.study, remains) for resource in taken]
    changes = [change(resource, existing[reference_to(resource)]) for resource in whole]
    besides = [*map(retract, remains.vanished), *_adopt(owner, remains)]
    return [*_date(changes, results, existing), *map(owner.adopt, besides), *left]


def tell(
    host: Host, results: Results, target: str, changes: Sequence[Change], progress: Progress
) -> None:
    """Call the hook `report_written` of the plugins; an error of a plugin is noted."""
    done = {item.reference: item.action for item in changes}
    for outcome in results.outcomes:
        if outcome.result is not None:
            names = references(results, outcome)
            context = context_of(results, outcome, target, done)
            for fault in host.report_written(outcome.result, names, context):
                progress.note(fault)


def _taken(
    target: TargetServer, resources: Sequence[Resource]
) -> tuple[list[Resource], list[Change]]:
    """Return the report without the optional types that the target does not take."""
    lacking = {*target.lacks(OPTIONAL), *target.closes(OPTIONAL)}
    dropped = [resource for resource in resources if resource["resourceType"] in lacking]
    why = f"{target.base} does not take this type, which is optional in a report"
    left = [Change(resource=resource, action="left", why=why) for resource in dropped]
    return [resource for resource in resources if resource not in dropped], left


def _adopt(owner: Owner, remains: Leftovers) -> list[Change]:
    """Return the changes for resources that stay, but do not have the owner's key."""
    stays = [*remains.kept, *remains.retracted]
    return [leave(stay) for stay in stays if owner.is_other(stay)]


def _date(
    changes: Sequence[Change], results: Results, existing: Mapping[str, Resource | None]
) -> list[Change]:
    """Return the changes; after a retraction the Provenance is always written, with a new time."""
    report, provenance = entry_points(results.study)
    before = existing.get(report)
    is_back = before is not None and is_retracted(before)
    return [
        replace(item, action="update", differs=("recorded",), worded=("recorded",))
        if is_back and item.reference == provenance and item.action == "unchanged"
        else item
        for item in changes
    ]


def _left(target: TargetServer, resources: Sequence[Resource], folder: Path | None) -> str:
    if folder is None:
        return ""
    changes = [Change(resource=resource, action="create") for resource in resources]
    return f" The report is kept as a Bundle in {keep(target.base, changes, folder)}."
