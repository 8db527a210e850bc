"""Write a report to a server as a change: what is new, what differs, what stays as it is.

One transaction, or nothing. Each resource has an id of its own making, so that writing twice
makes nothing double; one that is unchanged is not written. What the study no longer makes is
retracted: it stays, as entered in error. How it is written: see `transaction`.
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
from abate.publish.existing import read_all_existing, refuse_elsewhere, refuse_unmarked, ways_in
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
    """What somebody has decided about a publication.

    Attributes:
        adopts: a report that carries another study key, or none, is taken over.
        replaces: the report that stands there is retracted first, and the new one does not wait,
            whatever it discloses together with earlier releases.
    """

    adopts: bool = False
    replaces: bool = False


PUBLISH = Publishing()


def least_group(settings: Settings) -> int:
    """The least number of units that releases may tell apart together; 1 where no rule holds."""
    if settings.study.synthetic or settings.audience != "public":
        return 1
    return rule_of(settings.report.minimum_cell).minimum


def refuse(study_file: StudyFile, results: Results) -> None:
    """Hold the rules on what may leave the house.

    Raises:
        PublishRefused: names the rule and the key of the study file.
    """
    settings = study_file.settings
    if results.study_digest != study_file.digest:
        raise PublishRefused(
            "the study file, its code lists, or a --set of the command line is not that of the "
            "run: run the study again: abate run"
        )
    auth = (settings.target or settings.source).auth
    is_shut = is_loopback(settings.target_url) or auth.kind != "none"
    if not (settings.study.synthetic or is_shut):
        raise PublishRefused(
            f"{settings.target_url} is not on this machine and asks for no login: anybody may read "
            "what is written there. If it asks for one, add [target.auth]; only where no patient "
            "is real set [study] synthetic = true."
        )


def compare(
    target: TargetServer,
    resources: Sequence[Resource],
    results: Results,
    owner: Owner,
    *,
    folder: Path | None = None,
) -> list[Change]:
    """What each resource would be to the target, and what to retract there.

    Args:
        target: where it goes.
        resources: the report, without the study's key.
        results: what it reports: what an analysis that failed has there stays as it is.
        owner: whose report it is.
        folder: where the Bundle is left if the target cannot take a report.

    Raises:
        PublishRefused: the target cannot take a report, has another's resource in its place, has
            the study's report in another place, or has one that carries another study key.
        SourceError: the target does not answer as a FHIR server.
    """
    resources = [owner.mark(resource) for resource in resources]
    taken, left = _taken(target, resources)
    if reason := target.inability(one["resourceType"] for one in taken):
        raise PublishRefused(f"{reason}: nothing was written.{_left(target, resources, folder)}")
    found = read_all_existing(target.server, map(reference_to, taken))
    for one in taken:
        refuse_unmarked(target.server, one, found[reference_to(one)])
        if found[reference_to(one)] is None and reference_to(one) in ways_in(results.study):
            refuse_elsewhere(target.server, one)
    remains = remaining(target.server, results, found)
    owner.refuse_other(target.base, [*found.values(), *remains.all])
    whole = [with_leftovers(one, results.study, remains) for one in taken]
    changes = [change(one, found[reference_to(one)]) for one in whole]
    besides = [*map(retract, remains.vanished), *_adopt(owner, remains)]
    return [*_date(changes, results, found), *map(owner.adopt, besides), *left]


def tell(
    host: Host, results: Results, target: str, changes: Sequence[Change], progress: Progress
) -> None:
    """Tell the plugins what stands on the target; what goes wrong in one is noted."""
    done = {one.reference: one.action for one in changes}
    for outcome in results.outcomes:
        if outcome.result is not None:
            names = references(results, outcome)
            context = context_of(results, outcome, target, done)
            for fault in host.report_written(outcome.result, names, context):
                progress.note(fault)


def _taken(
    target: TargetServer, resources: Sequence[Resource]
) -> tuple[list[Resource], list[Change]]:
    """The report without the types that it can do without and that the target does not take."""
    lacking = {*target.lacks(OPTIONAL), *target.closes(OPTIONAL)}
    dropped = [resource for resource in resources if resource["resourceType"] in lacking]
    why = f"{target.base} does not take this type, and the report can do without"
    left = [Change(resource=one, action="left", why=why) for one in dropped]
    return [one for one in resources if one not in dropped], left


def _adopt(owner: Owner, remains: Leftovers) -> list[Change]:
    """What stays there as it is, where it does not carry the owner's key."""
    stays = [*remains.kept, *remains.retracted]
    return [leave(stay) for stay in stays if owner.is_other(stay)]


def _date(
    changes: Sequence[Change], results: Results, found: Mapping[str, Resource | None]
) -> list[Change]:
    """The changes; after a retraction the Provenance is written anew, with a time of its own."""
    report, provenance = ways_in(results.study)
    before = found.get(report)
    is_back = before is not None and is_retracted(before)
    return [
        replace(one, action="update", differs=("recorded",), worded=("recorded",))
        if is_back and one.reference == provenance and one.action == "unchanged"
        else one
        for one in changes
    ]


def _left(target: TargetServer, resources: Sequence[Resource], folder: Path | None) -> str:
    if folder is None:
        return ""
    changes = [Change(resource=resource, action="create") for resource in resources]
    return f" The report lies as a Bundle in {keep(target.base, changes, folder)}."
