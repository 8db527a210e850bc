"""Write a report to a server as a change: what is new, what differs, what stays as it is.

One transaction, or nothing. Each resource has an id of its own making, so that writing twice
makes nothing double; one that is unchanged is not written. What the study no longer makes is
retracted: it stays, as entered in error. What was written is read back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import msgspec

from abate.addresses import is_loopback
from abate.change import Change, change, transaction
from abate.difference import elements
from abate.errors import PublishRefused, SourceError
from abate.plugins import Host
from abate.private_file import write_private
from abate.remains import remaining, with_remains
from abate.report.elements import Resource, reference_to
from abate.report.fhir import OPTIONAL, references
from abate.results import Results
from abate.settings import StudyFile
from abate.source.http import Answer, FhirServer
from abate.standing import refuse_unmarked, standing, ways_in
from abate.status import Progress
from abate.target import Target
from abate.withdrawal import is_retracted, retract

__all__ = ["BUNDLE", "Change", "compare", "refuse", "settle", "tell", "write"]

BUNDLE = "bundle.json"
TRIES = 3
_SHUT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_CONFLICTS = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


class _Overtaken(PublishRefused):
    """Somebody else wrote between our reading and our writing."""


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
    target: Target,
    resources: Sequence[Resource],
    results: Results,
    *,
    folder: Path | None = None,
) -> list[Change]:
    """What each resource would be to the target, and what to retract there.

    Args:
        target: where it goes.
        resources: the report.
        results: what it reports: what an analysis that failed has there stays as it is.
        folder: where the Bundle is left if the target cannot take a report.

    Raises:
        PublishRefused: the target cannot take a report, or has another's resource in its place.
        SourceError: the target does not answer as a FHIR server.
    """
    taken, left = _taken(target, resources)
    if reason := target.inability(one["resourceType"] for one in taken):
        raise PublishRefused(f"{reason}: nothing was written.{_left(target, resources, folder)}")
    found = {reference_to(one): standing(target.server, reference_to(one)) for one in taken}
    for one in taken:
        refuse_unmarked(target.server, one, found[reference_to(one)])
    remains = remaining(target.server, results, found)
    whole = [with_remains(one, results.study, remains) for one in taken]
    changes = [change(one, found[reference_to(one)]) for one in whole]
    return [*_dated(changes, results, found), *map(retract, remains.vanished), *left]


def settle(
    target: Target,
    compared: Callable[[], list[Change]],
    folder: Path,
    *,
    dry_run: bool,
    tries: int = TRIES,
) -> list[Change]:
    """Compare and write; where somebody else writes in between, again. Gives what was done.

    Args:
        target: where it goes.
        compared: compares with the target, anew each time that it is called.
        folder: where the Bundle is kept.
        dry_run: compare only.
        tries: how often.

    Raises:
        PublishRefused: as `write`; or others wrote in between each time.
    """
    changes = compared()
    if dry_run:
        return changes
    try:
        write(target.server, changes, folder)
    except _Overtaken:
        if tries == 1:
            raise
        return settle(target, compared, folder, dry_run=False, tries=tries - 1)
    return changes


def write(server: FhirServer, changes: Sequence[Change], folder: Path) -> None:
    """Write what is new or differs in one transaction, and read it back.

    The Bundle is kept in the output `folder` too, whatever the target says.

    Raises:
        PublishRefused: the target refused it, or gives back something else.
    """
    needed = [one for one in changes if one.is_written]
    if not needed:
        return
    bundle = msgspec.json.encode(transaction(server.base, needed))
    write_private(folder / BUNDLE, bundle)
    _accepted(server, server.transact(bundle), folder / BUNDLE)
    wrong = [one.reference for one in needed if not _stands(server, one.resource)]
    if wrong:
        raise PublishRefused(
            f"{server.base} took the report and gives back something else for "
            f"{', '.join(wrong[:3])} ({len(wrong)} in all). Look there before anyone reads it."
        )


def tell(host: Host, results: Results, progress: Progress) -> None:
    """Tell the plugins what stands on the target; what goes wrong in one is noted."""
    for outcome in results.outcomes:
        if outcome.result is not None:
            for fault in host.report_written(outcome.result, references(results, outcome)):
                progress.note(fault)


def _taken(target: Target, resources: Sequence[Resource]) -> tuple[list[Resource], list[Change]]:
    """The report without the types that it can do without and that the target does not take."""
    lacking = {*target.lacks(OPTIONAL), *target.closes(OPTIONAL)}
    dropped = [one for one in resources if one["resourceType"] in lacking]
    why = f"{target.base} does not take this type, and the report can do without"
    left = [Change(resource=one, action="left", why=why) for one in dropped]
    return [one for one in resources if one not in dropped], left


def _dated(
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


def _left(target: Target, resources: Sequence[Resource], folder: Path | None) -> str:
    if folder is None:
        return ""
    changes = [Change(resource=one, action="create") for one in resources]
    write_private(folder / BUNDLE, msgspec.json.encode(transaction(target.base, changes)))
    return f" The report lies as a Bundle in {folder / BUNDLE}."


def _accepted(server: FhirServer, answer: Answer, path: Path) -> None:
    if answer.status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return
    said = (
        f"{answer.place} refused the transaction ({answer.status}: {_codes(answer)}). "
        f"{_left_there(answer.status)}; the Bundle lies in {path}."
    )
    if answer.status in _CONFLICTS:
        raise _Overtaken(
            f"{said} Somebody else wrote there meanwhile, {TRIES} times: try again later."
        )
    if answer.status in _SHUT:
        said = f"{said} {server.login_wanted(answer.status)}."
    raise PublishRefused(said)


def _left_there(status: int) -> str:
    """What stands on the target after a refusal; a gateway does not know what went on behind it."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return (
            "It may have been written all the same, as a whole or not at all: publish again, which "
            "writes nothing twice"
        )
    return "Nothing was written there"


def _stands(server: FhirServer, resource: Resource) -> bool:
    found = standing(server, reference_to(resource))
    if found is None or any(found.get(key) != resource.get(key) for key in ("status", "active")):
        return False
    return not elements(resource, found)


def _codes(answer: Answer) -> str:
    """The issue codes of an OperationOutcome: its texts may quote what was sent."""
    try:
        outcome = answer.json()
    except SourceError:
        return "no OperationOutcome"
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    codes = [str(issue.get("code", "?"))[:40] for issue in issues or () if isinstance(issue, dict)]
    return ", ".join(codes) or "no issue named"
