"""A searchset, page by page: Bundles whose resources stay the bytes that the server sent."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from abate.errors import SourceError
from abate.fhir.outcomes import issues
from abate.http import display
from abate.http.json_values import as_object, as_objects, as_text

# The form of the name of a resource type: https://hl7.org/fhir/R4/resourcelist.html
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")
# An entry of these modes is a row. Some servers give a row the mode `outcome`: the type decides.
_ROWS = ("match", "outcome")
_NO_RESOURCE = "an entry is not a resource with a type and an id"


class Link(msgspec.Struct):
    """A link of a searchset."""

    relation: str
    url: str


class SearchMode(msgspec.Struct):
    """Why an entry is in the searchset; if the server does not say, the type decides."""

    mode: str | None = None


class HistoryRequest(msgspec.Struct):
    """The request that made a version, in a history."""

    method: str = ""
    url: str = ""


class Entry(msgspec.Struct):
    """An entry of a Bundle; the resource stays the bytes that the server sent."""

    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: SearchMode | None = None
    request: HistoryRequest = msgspec.field(default_factory=HistoryRequest)

    @property
    def mode(self) -> str | None:
        """Why the entry is in the searchset; None if the server does not say."""
        return self.search.mode if self.search else None

    @property
    def is_empty_outcome(self) -> bool:
        """Whether the entry is an outcome without a resource, which says nothing about the rows."""
        return self.mode == "outcome" and bytes(self.resource) == b"null"


class Page(msgspec.Struct):
    """One page of a searchset or of a history: an object whose `resourceType` is Bundle."""

    resourceType: Literal["Bundle"]  # noqa: N815 - FHIR's own name
    type: Any = None
    total: int | None = None
    link: list[Link] = []
    entry: list[Entry] = []
    meta: Any = None

    @property
    def last_updated(self) -> datetime | None:
        """When the server made this page; None if it does not say."""
        return _last_updated(self.meta)

    @property
    def next(self) -> str | None:
        """The URL of the next page; None on the last one."""
        return self._url("next")

    def refuse_type(self, *types: str) -> None:
        """Stop at a Bundle of another type; a Bundle without a type is read.

        Raises:
            SourceError: names the types that were expected.
        """
        if self.type is not None and self.type not in types:
            raise SourceError(f"its Bundle is not of type {' or '.join(types)}")

    def honours(self, parameters: set[str]) -> bool:
        """Whether the `self` link says that the server understood all of these parameters."""
        try:
            query = urlsplit(self._url("self") or "").query
        except ValueError:  # A `self` link such as http://[server]/fhir: a placeholder left as is.
            return False
        return parameters <= {name.partition(":")[0] for name, _ in parse_qsl(query)}

    def _url(self, relation: str) -> str | None:
        return next((link.url for link in self.link if link.relation == relation), None)


class Head(msgspec.Struct):
    """The elements of a resource that the pull reads; the mapping reads the others."""

    resourceType: str  # noqa: N815 - FHIR's own name
    id: str = ""
    subject: Any = None
    code: Any = None
    meta: Any = None
    link: Any = None
    issue: Any = None

    @property
    def codes(self) -> set[str]:
        """The codes of the resource, whatever their system."""
        codes = [coding.get("code") for coding in as_objects(as_object(self.code).get("coding"))]
        return {code.strip() for code in codes if isinstance(code, str)}

    @property
    def codings(self) -> list[tuple[str, str]]:
        """The codings of the resource as system and code; a missing system is an empty text."""
        codings = as_objects(as_object(self.code).get("coding"))
        pairs = [(as_text(coding.get("system")), as_text(coding.get("code"))) for coding in codings]
        return [pair for pair in pairs if pair[1]]

    @property
    def last_updated(self) -> datetime | None:
        """`meta.lastUpdated`; None if it is not an instant."""
        return _last_updated(self.meta)

    @property
    def version(self) -> str | None:
        """`meta.versionId`; None if it is not a string."""
        text = as_object(self.meta).get("versionId")
        return text if isinstance(text, str) else None

    def links_of(self, kind: str) -> list[str]:
        """The references of a Patient's links of one type, such as `replaced-by`."""
        return _references(link for link in as_objects(self.link) if link.get("type") == kind)

    @property
    def links(self) -> list[str]:
        """The references of a Patient's links, of whatever type."""
        return _references(as_objects(self.link))

    @property
    def subject_reference(self) -> str:
        """The literal reference of the subject; empty if there is none."""
        return as_text(as_object(self.subject).get("reference"))

    @property
    def is_failure(self) -> bool:
        """Whether this is an OperationOutcome with an error.

        Withheld rows are not an error here: `abate.fhir.outcomes` judges them.
        """
        entries = self.issue if isinstance(self.issue, list) else []
        return bool(entries) and any(issue.is_error for issue in issues(entries))


def matches(page: Page, kind: str) -> Iterator[tuple[Head, bytes]]:
    """Give the resources of a page that answer a search of type `kind`, each with its own bytes.

    Included resources and outcomes without an error are left out. An entry without a search mode
    answers the search if it has the type of the search.

    Raises:
        SourceError: an entry is an error, or not a resource of that type; the message has no
            content of it.
    """
    for entry in page.entry:
        if entry.is_empty_outcome:
            continue
        head = _head(entry.resource)
        if head.resourceType == "OperationOutcome":
            _refuse_failure(head)
        elif entry.mode in _ROWS or (head.resourceType == kind and entry.mode != "include"):
            yield _check(head, kind), bytes(entry.resource)
        elif not _TYPE.fullmatch(head.resourceType):
            raise SourceError(_NO_RESOURCE)


def versions(page: Page, kind: str) -> Iterator[tuple[str, tuple[Head, bytes] | None]]:
    """Give the versions on a page of a history, by id and in their order; None for a deletion.

    Raises:
        SourceError: an entry is an error, or not a version of that type; the message has no
            content of it.
    """
    for entry in page.entry:
        if entry.request.method == "DELETE":
            yield _id_of_deletion(entry.request.url, kind), None
        elif not entry.is_empty_outcome:
            head = _head(entry.resource)
            if head.resourceType == "OperationOutcome":
                _refuse_failure(head)
            else:
                yield head.id, (_check(head, kind), bytes(entry.resource))


def _id_of_deletion(url: str, kind: str) -> str:
    """Return the id of a deleted resource, from the URL of its entry."""
    path = url.partition("?")[0].partition("/_history")[0]
    *_, name, identifier = ["", *path.split("/")]
    if name != kind or not identifier:
        raise SourceError(f"an entry does not say which {kind} was deleted")
    return identifier


def _refuse_failure(head: Head) -> None:
    if head.is_failure:
        raise SourceError("an entry is an OperationOutcome with an error")


def outcomes(page: Page) -> Iterator[Any]:
    """Give the `issue` of each OperationOutcome of a page."""
    for entry in page.entry:
        if b"OperationOutcome" in bytes(entry.resource):
            head = _head(entry.resource)
            if head.resourceType == "OperationOutcome":
                yield head.issue


def warnings(page: Page) -> Iterator[str]:
    """Give the warnings of the server by their codes; their texts may name a patient."""
    for entries in outcomes(page):
        for issue in as_objects(entries):
            if text := display.issue(issue.get("severity"), issue.get("code")):
                yield text


def _last_updated(meta: Any) -> datetime | None:
    text = as_object(meta).get("lastUpdated")
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _references(links: Iterable[dict[str, Any]]) -> list[str]:
    others = [link.get("other") for link in links]
    references = [other.get("reference") for other in others if isinstance(other, dict)]
    return [reference for reference in references if isinstance(reference, str)]


def head_of(resource: bytes) -> Head:
    """Return what the pull reads of a landed line.

    Raises:
        SourceError: the line is not a resource.
    """
    return _head(msgspec.Raw(resource))


def _head(resource: msgspec.Raw) -> Head:
    try:
        return msgspec.json.decode(resource, type=Head)
    except msgspec.MsgspecError:
        raise SourceError(_NO_RESOURCE) from None


def _check(head: Head, kind: str) -> Head:
    if head.resourceType != kind:
        raise SourceError(f"an entry is no {kind}: {display.resource_type(head.resourceType)}")
    if not head.id:
        raise SourceError(_NO_RESOURCE)
    return head
