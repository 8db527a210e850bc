"""What stands on a target: one resource, and what a study has there besides what it makes now."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
# What abate writes once for all studies: it is no study's to take back.
SHARED = ("CodeSystem/",)
# A report has some 500 resources; a Bundle of so many of them has some 500 kB.
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A resource of the study that stands on the target.

    `analysis` is the one that made it; empty for what the study has as a whole, and None for what
    a plugin rendered and does not say.
    """

    resource: Resource
    analysis: str | None


class _BatchResponse(msgspec.Struct):
    """How one entry of a batch ended."""

    status: str


class _BatchEntry(msgspec.Struct):
    """What a batch says of one resource."""

    response: _BatchResponse
    resource: Resource | None = None

    def is_plain(self, name: str) -> bool:
        """Whether it is the resource `Type/id`, or plainly says that there is none."""
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
    """What a server has at `Type/id` now; None if there is nothing, or nothing any more.

    Raises:
        SourceError: it answers with something else than that resource.
    """
    answer = server.get(name)
    if answer.status in ABSENT:
        return None
    if answer.status in LOGIN_WANTED:
        raise server.login_wanted(answer.status)
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.status}")
    return answer.resource(name)


def read_all_existing(server: FhirServer, names: Iterable[str]) -> dict[str, Resource | None]:
    """What a server has at each `Type/id` now, as `standing` says it, in few requests.

    They are read in batches. What a batch does not answer plainly is read alone, and so is all
    that a server without batches has. One that cannot read within a Bundle answers 404, too: the
    first resource that a batch does not find is looked for alone before the others are believed.

    Raises:
        SourceError: as `standing`.
    """
    wanted = list(dict.fromkeys(names))
    found: dict[str, Resource | None] = {}
    for first in range(0, len(wanted), AT_ONCE):
        part = wanted[first : first + AT_ONCE]
        answered = _read_batch(server, part)
        if not answered:
            break
        absent = next((name for name in part if answered.get(name, ...) is None), None)
        if absent is not None and read_existing(server, absent) is not None:
            break
        found |= answered
    return {name: found[name] if name in found else read_existing(server, name) for name in wanted}


def _read_batch(server: FhirServer, names: Sequence[str]) -> dict[str, Resource | None]:
    """What one batch tells plainly of the resources of these names."""
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


def ways_in(study: str) -> tuple[str, str]:
    """The two resources that list what a study has written: DiagnosticReport and Provenance."""
    return f"DiagnosticReport/{report_id(study)}", f"Provenance/{stable_id(study, 'provenance')}"


def refuse_unmarked(
    server: FhirServer, resource: Mapping[str, Any], found: Mapping[str, Any] | None
) -> None:
    """Stop where something without abate's mark stands in a resource's place.

    Raises:
        PublishRefused: names it.
    """
    if found and digest_of(found) is None:
        raise PublishRefused(
            f"{server.base} has a {name_of(resource)} without abate's mark, so that it is not "
            "overwritten. If it is a report that lost its mark, delete "
            "it there; if a plugin renders it, tell its author."
        )


def refuse_elsewhere(server: FhirServer, resource: Mapping[str, Any]) -> None:
    """Stop where the resource stands under an id that abate did not give.

    So it is on a server that chose ids of its own, or that was filled from another one: what is
    written beside it would double it. Where no search by identifier works, nothing is known. It is
    searched by the identifier system of today and by that of abate 0.1.

    Raises:
        PublishRefused: names it.
    """
    values = {str(identifier.get("value")) for identifier in identifiers(resource)}
    for value in values:
        names = ",".join(f"{system}|{value}" for system in forms_of(SYSTEM))
        answer = server.get(resource["resourceType"], {"identifier": names})
        for found in _resources(answer, resource["resourceType"]):
            theirs = {one.get("value") for one in identifiers(found)}
            if found.get("id") != resource["id"] and value in theirs:
                raise PublishRefused(
                    f"{server.base} has this report already as {reference_to(found)}, which is no "
                    "id of abate's: a second one would double it, and is not written. Delete "
                    "there what carries the study's identifiers, and publish again."
                )


def _resources(answer: Answer, kind: str) -> Iterator[Resource]:
    """The resources of a type in a searchset; of a search that is refused none.

    Raises:
        SourceError: the answer is no searchset, so that it stays open what stands there.
    """
    if answer.status == HTTPStatus.OK:
        page: Page = answer.decode(Page)
        for _, raw in matches(page, kind):
            yield msgspec.json.decode(raw)


def list_references(server: FhirServer, *lists: Mapping[str, Any] | None) -> Iterator[str]:
    """The references in a DiagnosticReport's results and in a Provenance's targets, if ours."""
    for list_ in lists:
        if list_ is not None and digest_of(list_):
            elements = list_.get(
                "result" if list_["resourceType"] == "DiagnosticReport" else "target"
            )
            for element in elements or ():
                yield str(element.get("reference")).removeprefix(f"{server.base}/")


def find_own(
    server: FhirServer, study: str, names: Iterable[str], besides: Iterable[str] = ()
) -> list[Own]:
    """Which of the resources of these names stand on the target and are the study's.

    What does not carry abate's mark, is another study's, or is shared by studies is passed over.

    Args:
        server: the target.
        study: whose resources these are.
        names: references; a reference that is not one to a resource of the target is not read.
        besides: references that are passed over.
    """
    passed = set(besides)
    asked = [
        name
        for name in names
        if _REFERENCE.fullmatch(name) and not name.startswith(SHARED) and name not in passed
    ]
    found = read_all_existing(server, asked).values()
    return [own for one in found if (own := _own(one, study))]


def _own(found: Resource | None, study: str) -> Own | None:
    """A resource as the study's; None if it is not."""
    if found is None or digest_of(found) is None:
        return None
    names = [str(identifier.get("value")).split("/") for identifier in identifiers(found)]
    for head, *rest in names:
        if head == study:
            return Own(resource=found, analysis=rest[0] if len(rest) > 1 else "")
    # A plugin's own resource has no identifier of ours: it is as it was written, or nobody's.
    if not names and digest(found) == digest_of(found):
        return Own(resource=found, analysis=None)
    return None
