"""Write a report to a server as a change: what is new, what differs, what stays as it is.

One transaction, or nothing. Each resource has an id of its own making, so that writing twice
makes nothing double; one that is unchanged is not written. A statistic that the study no longer
makes is retracted: it stays, as entered in error. What was written is read back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from abate.errors import PublishRefused, SourceError
from abate.plugins import Host
from abate.report.fhir import Resource, digest_of, marked, references, report_id
from abate.results import Results, write_private
from abate.settings import StudyFile
from abate.source.http import Answer, FhirServer, is_loopback
from abate.standing import no_longer_made, standing
from abate.status import Progress

BUNDLE = "bundle.json"
RETRACTED = "entered-in-error"
# What a reader takes from a resource: compared with the target even where the digest agrees.
_FIGURES = ("valueQuantity", "dataAbsentReason", "component", "quantity", "result", "conclusion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource and what happens to it: create, update, retract or unchanged.

    `differs` names the elements that differ; `version` is the one that the target has now.
    """

    resource: Resource
    action: str
    version: str | None = None
    differs: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return _reference(self.resource)


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
    if settings.report.minimum_cell > 1:
        raise PublishRefused(
            f"[report] minimum_cell is {settings.report.minimum_cell}, and this version cannot "
            "hide small cells yet, so that nothing is published. Only where every count may be "
            "seen (a published or a synthetic study) set it to 1."
        )
    if not settings.study.synthetic and not is_loopback(settings.target_url):
        raise PublishRefused(
            f"{settings.target_url} is not on this machine and asks for no login: anybody may read "
            "what is written there. Only where no patient is real set [study] synthetic = true."
        )


def compare(
    server: FhirServer,
    resources: Sequence[Resource],
    results: Results,
    *,
    folder: Path | None = None,
) -> list[Change]:
    """What each resource would be to the target, and what to retract there.

    Args:
        server: the target.
        resources: the report.
        results: what it reports: the statistics of an analysis that failed stay as they are.
        folder: where the Bundle is left if the target cannot take a report.

    Raises:
        PublishRefused: the target cannot take a report, or has another's resource in its place.
        SourceError: the target does not answer as a FHIR R4 server.
    """
    if reason := _inability(server, {resource["resourceType"] for resource in resources}):
        raise PublishRefused(f"{reason}: nothing was written.{_left(server, resources, folder)}")
    changes, retracts = [], list[Change]()
    ours = {_reference(resource) for resource in resources}
    for resource in resources:
        found = standing(server, _reference(resource))
        _refuse_unmarked(server, resource, found)
        if found and resource["id"] == report_id(results.study):
            kept, vanished = no_longer_made(server, found, results, ours)
            changes.append(_change(_with_kept(resource, kept), found))
            retracts = [_retract(one) for one in vanished if one.get("status") != RETRACTED]
        else:
            changes.append(_change(resource, found))
    return [*changes, *retracts]


def write(server: FhirServer, changes: Sequence[Change], folder: Path) -> None:
    """Write what is new or differs in one transaction, and read it back.

    The Bundle is kept in the output `folder` too, whatever the target says.

    Raises:
        PublishRefused: the target refused it, or gives back something else.
    """
    needed = [change for change in changes if change.action != "unchanged"]
    if not needed:
        return
    bundle = msgspec.json.encode(_bundle(server.base, needed))
    path = folder / BUNDLE
    write_private(path, bundle)
    answer = server.transact(bundle)
    if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
        raise PublishRefused(
            f"{answer.place} refused the transaction ({answer.status}: {_codes(answer)}). Nothing "
            f"was written there; the Bundle lies in {path}.{_hint(answer.status)}"
        )
    wrong = [change.reference for change in needed if not _stands(server, change.resource)]
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


def _inability(server: FhirServer, types: set[str]) -> str:
    """Why a server cannot take a report; empty if it can."""
    statement = server.capability()
    rest: Mapping[str, Any] = next(iter(statement.get("rest") or ()), {})
    if "transaction" not in {one.get("code") for one in rest.get("interaction") or ()}:
        return f"{server.base} does not offer transactions"
    offered = {one.get("type"): one for one in rest.get("resource") or ()}
    missing = [kind for kind in sorted(types) if kind not in offered]
    if missing:
        return f"{server.base} does not take {', '.join(missing)}"
    # A server may leave updateCreate out and still do it (HAPI 8.8 does): only a no is a no.
    closed = [kind for kind in sorted(types) if offered[kind].get("updateCreate") is False]
    if closed:
        return (
            f"{server.base} does not let a client choose the id of {', '.join(closed)} "
            "(updateCreate in its CapabilityStatement), so that a second report would double the "
            "first"
        )
    return ""


def _left(server: FhirServer, resources: Sequence[Resource], folder: Path | None) -> str:
    if folder is None:
        return ""
    changes = [Change(resource=resource, action="create") for resource in resources]
    write_private(folder / BUNDLE, msgspec.json.encode(_bundle(server.base, changes)))
    return f" The report lies as a Bundle in {folder / BUNDLE}."


def _refuse_unmarked(server: FhirServer, resource: Resource, found: Resource | None) -> None:
    if found and digest_of(found) is None:
        raise PublishRefused(
            f"{server.base} has a {_reference(resource)} without abate's mark, so that it is not "
            "overwritten, and nothing was written. If it is a report that lost its mark, delete "
            "it there; if a plugin renders it, tell its author."
        )


def _with_kept(resource: Resource, kept: Sequence[Resource]) -> Resource:
    """The report with the statistics of failed analyses listed too."""
    if not kept:
        return resource
    more = [{"reference": _reference(one)} for one in kept]
    return marked({**resource, "result": [*resource.get("result", ()), *more]})


def _retract(found: Resource) -> Change:
    """A statistic as it stands there, entered in error."""
    resource = {**found, "status": RETRACTED}
    theirs = ("versionId", "lastUpdated")
    meta = {key: one for key, one in resource.pop("meta", {}).items() if key not in theirs}
    if meta:  # FHIR has no empty objects.
        resource["meta"] = meta
    version = _version(found)
    return Change(resource=marked(resource), action="retract", version=version, differs=("status",))


def _change(resource: Resource, found: Mapping[str, Any] | None) -> Change:
    if found is None:
        return Change(resource=resource, action="create")
    differs = _differences(resource, found)
    action = "update" if differs else "unchanged"
    return Change(resource=resource, action=action, version=_version(found), differs=differs)


def _version(found: Mapping[str, Any]) -> str | None:
    return (found.get("meta") or {}).get("versionId")


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _differences(resource: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    figures = tuple(key for key in _FIGURES if resource.get(key) != found.get(key))
    if digest_of(resource) == digest_of(found):
        return figures
    others = (key for key in resource if key not in ("meta", "extension", "text", *figures))
    return (*figures, *(key for key in others if resource[key] != found.get(key))) or ("text",)


def _stands(server: FhirServer, resource: Resource) -> bool:
    found = standing(server, _reference(resource))
    if found is None or found.get("status") != resource.get("status"):
        return False
    return not _differences(resource, found)


def _bundle(base: str, changes: Sequence[Change]) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(base, change) for change in changes],
    }


def _entry(base: str, change: Change) -> Resource:
    request = {"method": "PUT", "url": change.reference}
    if change.version is not None:
        request["ifMatch"] = f'W/"{change.version}"'
    return {
        "fullUrl": f"{base}/{change.reference}",
        "resource": change.resource,
        "request": request,
    }


def _hint(status: int) -> str:
    """A conflict is somebody else's write between our reading and our writing."""
    conflict = status in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
    return " Somebody else wrote there meanwhile: publish again." if conflict else ""


def _codes(answer: Answer) -> str:
    """The issue codes of an OperationOutcome: its texts may quote what was sent."""
    try:
        outcome = answer.json()
    except SourceError:
        return "no OperationOutcome"
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    codes = [str(issue.get("code", "?"))[:40] for issue in issues or () if isinstance(issue, dict)]
    return ", ".join(codes) or "no issue named"
