"""A searchset, page by page: Bundles whose resources stay the bytes that the server sent."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from abate.errors import SourceError

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")


class Link(msgspec.Struct):
    """A link of a searchset."""

    relation: str
    url: str


class SearchMode(msgspec.Struct):
    """Why an entry is in the searchset; where the server does not say, it is a match."""

    mode: str = "match"


class Entry(msgspec.Struct):
    """An entry: the resource stays the bytes that the server sent."""

    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: SearchMode = msgspec.field(default_factory=SearchMode)


class Page(msgspec.Struct, tag_field="resourceType", tag="Bundle"):
    """One page of a searchset."""

    total: int | None = None
    link: list[Link] = []
    entry: list[Entry] = []

    @property
    def next(self) -> str | None:
        """Where the next page is."""
        return next((link.url for link in self.link if link.relation == "next"), None)


class Head(msgspec.Struct):
    """What the pull itself reads of a resource; the rest is for the mapping to judge."""

    resourceType: str  # noqa: N815 - FHIR's own name
    id: str = ""
    subject: Any = None
    issue: Any = None

    @property
    def subject_reference(self) -> str:
        """The literal reference of the subject, or nothing."""
        reference = self.subject.get("reference") if isinstance(self.subject, dict) else None
        return reference if isinstance(reference, str) else ""

    @property
    def is_failure(self) -> bool:
        """Whether this is an OperationOutcome that tells of an error."""
        issues = self.issue if isinstance(self.issue, list) else []
        severities = [issue.get("severity") for issue in issues if isinstance(issue, dict)]
        return "error" in severities or "fatal" in severities


def matches(page: Page, kind: str) -> Iterator[tuple[Head, bytes]]:
    """The resources of a page that answer a search of type `kind`, each with its own bytes.

    Included resources, and outcomes that are no errors, are not among them.

    Raises:
        SourceError: an entry is no such resource, or an error; names no content of it.
    """
    for entry in page.entry:
        head = _head(entry.resource)
        if head.resourceType == "OperationOutcome":
            if head.is_failure:
                raise SourceError("an entry is an OperationOutcome with an error")
        elif entry.search.mode == "match":
            yield _checked(head, kind), bytes(entry.resource)


def _head(resource: msgspec.Raw) -> Head:
    try:
        return msgspec.json.decode(resource, type=Head)
    except msgspec.MsgspecError:
        raise SourceError("an entry is no resource with a type and an id") from None


def _checked(head: Head, kind: str) -> Head:
    if head.resourceType != kind:
        found = head.resourceType if _TYPE.fullmatch(head.resourceType) else "something else"
        raise SourceError(f"an entry is no {kind}: {found}")
    if not head.id:
        raise SourceError("an entry is no resource with a type and an id")
    return head
