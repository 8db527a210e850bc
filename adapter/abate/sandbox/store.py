"""The store: every version of every resource, in memory, behind one lock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from abate.sandbox import json_codec
from abate.sandbox.errors import RequestRefused
from abate.sandbox.search.index import Terms, terms_of
from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.search.references import Key, key_of, links

Method = Literal["POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version of a resource. A deletion has no `body`."""

    key: Key
    number: int
    sequence: int
    updated: datetime
    method: Method
    body: bytes | None
    terms: Terms
    links: frozenset[str]

    @property
    def etag(self) -> str:
        """The weak entity tag of the version."""
        return f'W/"{self.number}"'

    @property
    def instant(self) -> str:
        """The value of `meta.lastUpdated`."""
        return instant(self.updated)


def instant(moment: datetime) -> str:
    """Return a FHIR instant in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DanglingReference(RequestRefused):
    """A resource refers to one that never existed on this server."""

    def __init__(self, key: Key) -> None:
        super().__init__(422, "not-found", "a reference names a resource that is not on the server")
        self.key = key


class SandboxStore:
    """All versions, the oldest of each resource first.

    Read and write only inside `changes()`.
    """

    def __init__(self, clock: Callable[[], datetime], *, referential_integrity: bool) -> None:
        self._clock = clock
        self._referential_integrity = referential_integrity
        self._lock = threading.Lock()
        self._versions: dict[str, dict[Key, list[StoredVersion]]] = {
            name: {} for name in PARAMETERS
        }
        self._sequence = 0
        self._written: list[StoredVersion] = []

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Lock the store, and undo all writes inside after an error.

        Raises:
            DanglingReference: a new version refers to a resource that does not exist.
        """
        with self._lock:
            self._written = []
            try:
                yield
                self.check_references()
            except BaseException:
                self._undo()
                raise

    def history(self, key: Key) -> list[StoredVersion]:
        """Return all versions of a resource, the oldest first; none if it never existed."""
        return self._versions[key.resource_type].get(key, [])

    def last(self, key: Key) -> StoredVersion | None:
        """Return the last version, which may be a deletion."""
        versions = self.history(key)
        return versions[-1] if versions else None

    def current(self, resource_type: str) -> Iterator[StoredVersion]:
        """Return the existing resources of a type, in the order of their first versions."""
        for versions in self._versions[resource_type].values():
            if versions[-1].body is not None:
                yield versions[-1]

    def history_of_type(self, resource_type: str) -> list[StoredVersion]:
        """Return all versions of all resources of a type, the oldest first."""
        every = (v for versions in self._versions[resource_type].values() for v in versions)
        return sorted(every, key=lambda version: version.sequence)

    def write(self, key: Key, resource: Mapping[str, Any], method: Method) -> StoredVersion:
        """Add a version and return it; if the last one has the same content, return that one.

        Raises:
            RequestRefused: the content cannot be written as JSON.
        """
        last = self.last(key)
        if last is not None and last.body is not None and _same(last.body, resource, key):
            return last
        now = self._now()
        stamped = self._stamp(key, resource, now)
        try:
            body = json_codec.encode(stamped)
        except ValueError:
            raise RequestRefused(
                400, "structure", "the resource cannot be stored as JSON"
            ) from None
        return self._append(key, method, now, body, stamped)

    def delete(self, key: Key) -> StoredVersion | None:
        """Add a deletion, unless the resource does not exist, and return the last version."""
        last = self.last(key)
        if last is None or last.body is None:
            return last
        return self._append(key, "DELETE", self._now(), None, {"resourceType": key.resource_type})

    def _now(self) -> datetime:
        now = self._clock().astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _stamp(self, key: Key, resource: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        own = {"versionId": str(len(self.history(key)) + 1), "lastUpdated": instant(now)}
        meta = resource.get("meta", {}) | own
        head = {"resourceType": key.resource_type, "id": key.id, "meta": meta}
        return head | {name: value for name, value in resource.items() if name not in head}

    def _append(
        self,
        key: Key,
        method: Method,
        now: datetime,
        body: bytes | None,
        stamped: Mapping[str, Any],
    ) -> StoredVersion:
        versions = self._versions[key.resource_type].setdefault(key, [])
        self._sequence += 1
        version = StoredVersion(
            key=key,
            number=len(versions) + 1,
            sequence=self._sequence,
            updated=now,
            method=method,
            body=body,
            terms=terms_of(stamped),
            links=frozenset(links(stamped)),
        )
        versions.append(version)
        self._written.append(version)
        return version

    def check_references(self) -> None:
        """Check the references of all versions written in this `changes()`.

        Raises:
            DanglingReference: names the first version with a reference to a missing resource.
        """
        if not self._referential_integrity:
            return
        for version in self._written:
            for link in version.links:
                if self._dangles(link):
                    raise DanglingReference(version.key)

    def _dangles(self, link: str) -> bool:
        """Whether a reference has no target: a local one, a `urn:uuid:`, or a conditional one."""
        key = key_of(link)
        if key is not None:
            return not self.history(key)
        resource_type, is_condition, _ = link.partition("?")
        return link.startswith("urn:uuid:") or bool(is_condition and resource_type in PARAMETERS)

    def _undo(self) -> None:
        for version in reversed(self._written):
            versions = self._versions[version.key.resource_type]
            versions[version.key].pop()
            if not versions[version.key]:
                del versions[version.key]


def _same(body: bytes, resource: Mapping[str, Any], key: Key) -> bool:
    """Whether a stored resource equals `resource`, except for the elements that the server sets."""
    named = {**resource, "resourceType": key.resource_type, "id": key.id}
    return _own_words(json_codec.decode(body)) == _own_words(named)


def _own_words(resource: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: value for name, value in resource.items() if name != "meta"}
    meta = resource.get("meta", {})
    kept = {name: meta[name] for name in meta if name not in ("versionId", "lastUpdated")}
    return words | {"meta": kept}
