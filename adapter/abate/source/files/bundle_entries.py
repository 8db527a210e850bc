"""Read the resources of a Bundle in a file, and resolve the references within the Bundle.

In a transaction, entries refer to each other by `fullUrl` (`urn:uuid:...`) or by a search
(`Patient?identifier=...`). A server resolves both when it processes the Bundle; for a file, abate
does. Only the references are rewritten; all other bytes are kept unchanged.

https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from abate.errors import SourceError
from abate.fhir.types import MAPPED_NAMES
from abate.source.files.servers import FileServers, base_of

_NAME = re.compile(
    r"urn:(?:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|oid:([0-2](?:\.(?:0|[1-9]\d*))+))",
    re.IGNORECASE,
)
# A reference to resolve in the Bundle or by its server; JSON may write `\/` for `/`.
_REFERENCE = re.compile(
    rb'("reference"\s*:\s*)("(?:urn:|https?:|[A-Z][A-Za-z]{1,39}\?)(?:[^"\\]|\\.)*")'
)


class _BundleEntry(msgspec.Struct):
    fullUrl: Any = None  # noqa: N815 - FHIR's own name
    resource: msgspec.Raw = msgspec.Raw(b"null")


class _FileBundle(msgspec.Struct):
    type: Any = None
    entry: list[_BundleEntry] = []


class _Head(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's own name
    id: Any = None


class _Identifier(msgspec.Struct):
    system: Any = None
    value: Any = None


class _Identified(msgspec.Struct):
    identifier: list[_Identifier] = []


class _Placed(NamedTuple):
    """An entry with a resource: its place from 1, its fullUrl, its type, its id, its JSON."""

    place: int
    full_url: str
    kind: str
    id: str
    is_id_made: bool
    json: msgspec.Raw  # A view of the document, which is large.

    @property
    def reference(self) -> str:
        return f"{self.kind}/{self.id}"

    @property
    def resource(self) -> bytes:
        """Return the resource; a generated id is inserted before its other elements."""
        sent = bytes(self.json)
        return b'{"id":"' + self.id.encode() + b'",' + sent[1:] if self.is_id_made else sent


def kind_of(resource: bytes) -> Any:
    """Return the resource type; None if it is not a resource."""
    return _head(resource).resourceType


def entries(
    document: bytes, name: str, servers: FileServers | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the resources of a Bundle with their places; also those of nested Bundles.

    An entry without an id gets the id of its `fullUrl`.

    Args:
        document: the Bundle.
        name: the name of its file in messages.
        servers: records the servers of the `fullUrl`s.

    Raises:
        SourceError: the Bundle cannot be read; or is a history, which is not a current state; or
            its ids belong to another server, or to another Bundle, than those read before.
    """
    placed = list(_place(_decode(document, name)))
    names = _Names(placed)
    for entry in placed:
        if entry.kind == "Bundle":
            yield from ((entry.place, inner) for _, inner in entries(entry.resource, name, servers))
        elif entry.kind in MAPPED_NAMES:
            resource = names.resolve(entry)
            if servers is not None:
                servers.note(entry.full_url, name)
                servers.note_local(entry.full_url, entry.reference, resource, name)
            yield entry.place, resource
        else:
            yield entry.place, entry.resource


def _decode(document: bytes, name: str) -> list[_BundleEntry]:
    try:
        bundle = msgspec.json.decode(document, type=_FileBundle)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise SourceError(f"{name} has a Bundle that cannot be read") from None
    if bundle.type == "history":
        raise SourceError(f"{name} has a Bundle of type history: give resources as they are now")
    return bundle.entry


def _place(entries: Sequence[_BundleEntry]) -> Iterator[_Placed]:
    for place, entry in enumerate(entries, start=1):
        resource = bytes(entry.resource)
        if resource == b"null":
            continue
        head = _head(resource)
        full_url = entry.fullUrl if isinstance(entry.fullUrl, str) else ""
        kind = head.resourceType if isinstance(head.resourceType, str) else ""
        made = _id_from(full_url) if kind and head.id is None else ""
        identifier = made or str(head.id or "")
        yield _Placed(place, full_url, kind, identifier, bool(made), entry.resource)


def _head(resource: bytes) -> _Head:
    try:
        return msgspec.json.decode(resource, type=_Head)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Head()


def _id_from(full_url: str) -> str:
    """Return the id in a `fullUrl` if it is globally unique; else an empty text.

    Two Bundles may use `urn:uuid:patient` for two patients.
    """
    match = _NAME.fullmatch(full_url)
    name = (
        (match[1] or match[2])
        if match
        else full_url.rpartition("/")[2]
        if base_of(full_url)
        else ""
    )
    return name if len(name) <= 64 else ""


class _Names:
    """The names by which the entries of a Bundle can be referred to."""

    def __init__(self, placed: Sequence[_Placed]) -> None:
        self._entries = placed
        self._by_url = defaultdict[str, set[str]](set)
        for entry in placed:
            if entry.full_url and entry.id:
                self._by_url[entry.full_url].add(entry.reference)

    def resolve(self, entry: _Placed) -> bytes:
        """Return an entry's resource, with references to single entries rewritten to `Type/id`."""
        base = base_of(entry.full_url)
        return _REFERENCE.sub(lambda match: self._rewritten(match, base), entry.resource)

    def _rewritten(self, match: re.Match[bytes], base: str | None) -> bytes:
        try:
            reference = msgspec.json.decode(match[2], type=str)
        except (msgspec.MsgspecError, UnicodeError):
            return match[0]
        target = self._target(reference, base)
        return match[0] if target is None else match[1] + msgspec.json.encode(target)

    def _target(self, reference: str, base: str | None) -> str | None:
        """Return the only entry that a reference matches, or its id on the entry's server."""
        kind, is_search, query = reference.partition("?")
        if is_search and kind.isalpha():
            return _only(self._found(kind, query))
        known = self._by_url.get(reference.partition("/_history/")[0])
        if known is None and base and reference.startswith(f"{base}/"):
            return reference.removeprefix(f"{base}/")
        return _only(known or ())

    def _found(self, kind: str, query: str) -> set[str]:
        """Return the entries of a type that a search by one identifier finds."""
        name, _, value = query.partition("=")
        if name != "identifier" or "&" in value:
            return set()
        system, has_system, code = unquote(value).rpartition("|")
        return {
            reference
            for (found_kind, found_system, found_code), references in self._by_identifier.items()
            if (found_kind, found_code) == (kind, code)
            and (not has_system or found_system == system)
            for reference in references
        }

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, str, str], set[str]]:
        """The entries by type, system and value of their identifiers."""
        references = defaultdict[tuple[str, str, str], set[str]](set)
        for entry in self._entries:
            for identifier in _identifiers(entry.resource) if entry.id else ():
                if isinstance(identifier.value, str):
                    system = identifier.system if isinstance(identifier.system, str) else ""
                    references[entry.kind, system, identifier.value].add(entry.reference)
        return references


def _only(references: set[str] | tuple[()]) -> str | None:
    return next(iter(references)) if len(references) == 1 else None


def _identifiers(resource: bytes) -> list[_Identifier]:
    try:
        return msgspec.json.decode(resource, type=_Identified).identifier
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []
