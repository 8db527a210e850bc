"""The writing interactions, each on a store that is locked by `SandboxStore.changes`.

Source: https://hl7.org/fhir/R4/http.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from abate.sandbox.errors import RequestRefused
from abate.sandbox.search.references import ID, Key
from abate.sandbox.search.search import sole_match
from abate.sandbox.store import SandboxStore, StoredVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A client's condition on the version that it is about to replace."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, last: StoredVersion | None) -> None:
        """Check `last` against the condition.

        Raises:
            RequestRefused: 412, it is another version than the client expects.
        """
        there = last if last is not None and last.body is not None else None
        if self.if_match is not None and not matches(self.if_match, there):
            raise RequestRefused(412, "conflict", "If-Match does not name the current version")
        if self.if_none_match is not None and matches(self.if_none_match, there):
            raise RequestRefused(412, "conflict", "If-None-Match names the current version")


UNCONDITIONAL = Condition()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The version after an interaction, and its HTTP status."""

    status: int
    version: StoredVersion


def matches(etags: str, version: StoredVersion | None) -> bool:
    """Whether one of `etags`, as W/"2", "2", 2 or *, names the version."""
    if version is None:
        return False
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in etags.split(",")]
    return "*" in tags or str(version.number) in tags


def check_resource(resource: Any, resource_type: str) -> dict[str, Any]:
    """Check only the type, id and meta of a resource.

    Raises:
        RequestRefused: 400, it is not a resource of that type.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != resource_type:
        raise RequestRefused(
            400, "invalid", f"the content is not a resource of the type {resource_type}"
        )
    if not isinstance(resource.get("meta", {}), dict):
        raise RequestRefused(400, "structure", "meta is not an object")
    if "id" in resource and not _is_id(resource["id"]):
        raise RequestRefused(400, "value", "the id of the resource is not a FHIR id")
    return resource


def create(store: SandboxStore, key: Key, resource: Mapping[str, Any]) -> WriteResult:
    """Write a resource under an id that the server chooses."""
    return WriteResult(201, store.write(key, resource, "POST"))


def update(
    store: SandboxStore, key: Key, resource: Mapping[str, Any], condition: Condition = UNCONDITIONAL
) -> WriteResult:
    """Write a resource under its id; create it if it does not exist."""
    if resource.get("id", key.id) != key.id:
        raise RequestRefused(400, "invalid", "the id of the resource is not the id of the URL")
    last = store.last(key)
    condition.check(last)
    is_new = last is None or last.body is None
    return WriteResult(201 if is_new else 200, store.write(key, resource, "PUT"))


def delete(
    store: SandboxStore, key: Key, condition: Condition = UNCONDITIONAL
) -> StoredVersion | None:
    """Delete a resource; do nothing if it does not exist."""
    condition.check(store.last(key))
    return store.delete(key)


def new_key(resource_type: str) -> Key:
    """Return an unused key."""
    return Key(resource_type, str(uuid4()))


def conditional_key(
    store: SandboxStore, resource_type: str, query: str, resource: Mapping[str, Any]
) -> Key:
    """Return the key of a conditional update: the one match, else the resource's id or a new one.

    Raises:
        RequestRefused: several match (412), or the resource has another id (400, 409).
    """
    match = sole_match(store, resource_type, query)
    if match is not None:
        if resource.get("id", match.key.id) != match.key.id:
            raise RequestRefused(
                400, "invalid", "the id of the resource is not the id of the match"
            )
        return match.key
    if "id" not in resource:
        return new_key(resource_type)
    key = Key(resource_type, resource["id"])
    last = store.last(key)
    if last is not None and last.body is not None:
        raise RequestRefused(409, "conflict", "a resource with this id exists and does not match")
    return key


def current(store: SandboxStore, key: Key) -> StoredVersion:
    """Return the current version of a resource.

    Raises:
        RequestRefused: it never existed (404), or was deleted (410).
    """
    last = store.last(key)
    if last is None:
        raise RequestRefused(404, "not-found", f"this {key.resource_type} does not exist")
    if last.body is None:
        raise RequestRefused(410, "deleted", f"this {key.resource_type} was deleted")
    return last


def _is_id(text: Any) -> bool:
    return isinstance(text, str) and ID.fullmatch(text) is not None
