"""The resources that a target has now: those of the report, and others of the study."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from abate.errors import LoginRefused, PublishRefused, SourceError
from abate.fhir.bundle import Page, matches
from abate.fhir.canonical import SYSTEM, forms_of, stable_id
from abate.fhir.client import Answer, BudgetSpent, FhirServer
from abate.http.failures import ABSENT, LOGIN_WANTED, Unseen
from abate.publish.change import identifiers
from abate.report.fhir.content_digest import digest, digest_of
from abate.report.fhir.diagnostic_report import report_id
from abate.report.fhir.elements import Resource, name_of, reference_to
from abate.telemetry.log import SILENT, Log

_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
# Resources that all studies share: no study retracts them.
SHARED = ("CodeSystem/",)
# A report has about 500 resources; a Bundle of this number of them has about 500 kB.
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A resource of the study on the target.

    `analysis` is the analysis that made it; empty for a resource of the whole study, and None for
    one that a plugin rendered, whose analysis is unknown.
    """

    resource: Resource
    analysis: str | None


class _BatchResponse(msgspec.Struct):
    """The status of one entry of a batch."""

    status: str


class _BatchEntry(msgspec.Struct):
    """The entry of a batch for one resource."""

    response: _BatchResponse
    resource: Resource | None = None

    def is_plain(self, name: str) -> bool:
        """Whether it has the resource `Type/id`, or says clearly that there is none."""
        status = self.response.status[:3]
        if self.resource is None:
            return status in map(str, ABSENT)
        kind, id_ = self.resource.get("resourceType"), self.resource.get("id")
        return status == "200" and f"{kind}/{id_}" == name


class _ReadBatch(msgspec.Struct):
    """The answer to a batch."""

    resourceType: Literal["Bundle"]  # noqa: N815 - FHIR's own name
    type: Literal["batch-response"]
    entry: list[_BatchEntry] = []


def read_existing(server: FhirServer, name: str) -> Resource | None:
    """Return what a server has at `Type/id` now; None if it never existed or was deleted.

    Raises:
        SourceError: the answer is not that resource.
    """
    answer = server.get(name)
    if answer.status in ABSENT:
        return None
    if answer.status in LOGIN_WANTED:
        raise server.login_wanted(answer.status)
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}")
    return answer.resource(name)


def read_all_existing(
    server: FhirServer, names: Iterable[str], log: Log = SILENT
) -> dict[str, Resource | None]:
    """Return what a server has at each `Type/id` now, in few requests.

    The resources are read in batches. If a batch gives no clear answer for a resource, or the
    server has no batches, it is read alone. A server that cannot read within a Bundle answers 404
    too: so the first resource that a batch does not find is read alone before the others are
    trusted.

    Raises:
        SourceError: as `read_existing`.
    """
    wanted = list(dict.fromkeys(names))
    existing: dict[str, Resource | None] = {}
    for first in range(0, len(wanted), AT_ONCE):
        part = wanted[first : first + AT_ONCE]
        answered = _read_batch(server, part)
        if not answered:
            break
        absent = next((name for name in part if answered.get(name, ...) is None), None)
        if absent is not None and read_existing(server, absent) is not None:
            break
        existing |= answered
        _report_read(log, existing, wanted)
    for name in wanted:
        if name not in existing:
            existing[name] = read_existing(server, name)
            _report_read(log, existing, wanted)
    return existing


def _report_read(log: Log, existing: Sized, wanted: Sized) -> None:
    log.info(
        f"comparing: {len(existing)} of {len(wanted)} resources read",
        name="target.page",
        received=len(existing),
        expected=len(wanted),
    )


def _read_batch(server: FhirServer, names: Sequence[str]) -> dict[str, Resource | None]:
    """Return the resources of these names that one batch answers clearly."""
    try:
        answer = server.read_all(names)
        entries = answer.decode(_ReadBatch).entry if answer.status == HTTPStatus.OK else []
    except (Unseen, LoginRefused, BudgetSpent):
        raise
    except SourceError:
        return {}
    if len(entries) != len(names):
        return {}
    pairs = zip(names, entries, strict=True)
    return {name: entry.resource for name, entry in pairs if entry.is_plain(name)}


def entry_points(study: str) -> tuple[str, str]:
    """Return the references of the DiagnosticReport and the Provenance, which list the others."""
    return f"DiagnosticReport/{report_id(study)}", f"Provenance/{stable_id(study, 'provenance')}"


def refuse_unmarked(
    server: FhirServer, resource: Mapping[str, Any], existing: Mapping[str, Any] | None
) -> None:
    """Stop if the target has a resource without abate's mark under the same id.

    Raises:
        PublishRefused: names it.
    """
    if existing and digest_of(existing) is None:
        raise PublishRefused(
            f"{server.base} has a {name_of(resource)} without abate's mark, so it is not "
            "overwritten. If it is a report that lost its mark, delete it there; if a plugin "
            "renders it, report this to its author."
        )


def refuse_elsewhere(server: FhirServer, resource: Mapping[str, Any]) -> None:
    """Stop if the target has the resource under an id that is not of abate.

    This happens if a server chooses ids, or was filled from another one: a second report would be
    a duplicate. If the search by identifier does not work, nothing is known. The search uses the
    identifier systems of today and of abate 0.1.

    Raises:
        PublishRefused: names it.
    """
    values = {str(identifier.get("value")) for identifier in identifiers(resource)}
    for value in values:
        names = ",".join(f"{system}|{value}" for system in forms_of(SYSTEM))
        answer = server.get(resource["resourceType"], {"identifier": names})
        for other in _resources(answer, resource["resourceType"]):
            theirs = {identifier.get("value") for identifier in identifiers(other)}
            if other.get("id") != resource["id"] and value in theirs:
                raise PublishRefused(
                    f"{server.base} has this report already as {reference_to(other)}, which is "
                    "not an id of abate: a second report would be a duplicate, and is not "
                    "written. Delete the resources with the study's identifiers, and publish "
                    "again."
                )


def _resources(answer: Answer, kind: str) -> Iterator[Resource]:
    """Return the resources of a type in a searchset; none if the search is refused.

    Raises:
        SourceError: the answer is not a searchset, so it is unknown what the target has.
    """
    if answer.status == HTTPStatus.OK:
        page: Page = answer.decode(Page)
        for _, raw in matches(page, kind):
            yield msgspec.json.decode(raw)


def list_references(server: FhirServer, *lists: Mapping[str, Any] | None) -> Iterator[str]:
    """Return the references in a DiagnosticReport's results and a Provenance's targets, if ours."""
    for listing in lists:
        if listing is not None and digest_of(listing):
            elements = listing.get(
                "result" if listing["resourceType"] == "DiagnosticReport" else "target"
            )
            for element in elements or ():
                yield str(element.get("reference")).removeprefix(f"{server.base}/")


def find_own(
    server: FhirServer, study: str, names: Iterable[str], besides: Iterable[str] = ()
) -> list[Own]:
    """Return the resources of these names that the target has and that belong to the study.

    Resources without abate's mark, of another study, or shared by studies are ignored.

    Args:
        server: the target.
        study: the study's id.
        names: references; one that does not lead to a resource of the target is ignored.
        besides: references to ignore.
    """
    passed = set(besides)
    asked = [
        name
        for name in names
        if _REFERENCE.fullmatch(name) and not name.startswith(SHARED) and name not in passed
    ]
    resources = read_all_existing(server, asked).values()
    return [own for resource in resources if (own := _own(resource, study))]


def _own(resource: Resource | None, study: str) -> Own | None:
    """Return a resource as one of the study; None if it is not."""
    if resource is None or digest_of(resource) is None:
        return None
    names = [str(identifier.get("value")).split("/") for identifier in identifiers(resource)]
    for head, *rest in names:
        if head == study:
            return Own(resource=resource, analysis=rest[0] if len(rest) > 1 else "")
    # A resource of a plugin has no identifier of ours: it is ours if its digest is still right.
    if not names and digest(resource) == digest_of(resource):
        return Own(resource=resource, analysis=None)
    return None
