"""A transaction: all of its entries, or none; and a batch, which only reads.

The entries are processed in the order that FHIR requires, whatever their order in the Bundle:
DELETE, POST, PUT, GET (https://hl7.org/fhir/R4/http.html#trules). If one is refused, the store
undoes all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from abate.sandbox.errors import RequestRefused, operation_outcome
from abate.sandbox.interactions import (
    Condition,
    check_resource,
    conditional_key,
    create,
    delete,
    new_key,
    update,
)
from abate.sandbox.responses import version_facts
from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.search.references import Key, key_of, resolve
from abate.sandbox.search.search import sole_match
from abate.sandbox.store import DanglingReference, SandboxStore, StoredVersion

Fetch = Callable[[str, str | None], dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class _Step:
    """One entry: its request, and its key once it is planned."""

    index: int
    method: str
    url: str
    full_url: str | None
    resource: dict[str, Any]
    condition: Condition
    if_none_exist: str | None
    key: Key | None = None
    existing: StoredVersion | None = None

    @property
    def resource_type(self) -> str:
        return self.url.partition("?")[0].partition("/")[0]


def process(
    store: SandboxStore, bundle: Mapping[str, Any], base_url: str, fetch: Fetch
) -> dict[str, Any]:
    """Process a transaction Bundle, and return the transaction-response.

    Args:
        store: the store, inside `changes()`, which undoes all writes if this function raises.
        bundle: a Bundle of the type `transaction`.
        base_url: the base URL of this server.
        fetch: returns the entry of a GET, for a URL relative to the base and If-None-Match.

    Raises:
        RequestRefused: names the entry, counted from 0.
    """
    steps = _read_all(bundle, base_url)
    answers: dict[int, dict[str, Any]] = {}
    for step in _of(steps, "DELETE"):
        answers[step.index] = _delete(store, step)
    for step in _of(steps, "POST", "PUT"):
        _plan(store, step)
    _check_overlaps(steps)
    _resolve(steps)
    for step in [*_of(steps, "POST"), *_of(steps, "PUT")]:
        answers[step.index] = _write(store, step)
    _check_references(store, steps)
    for step in _of(steps, "GET"):
        with _at(step.index):
            answers[step.index] = fetch(step.url, step.condition.if_none_match)
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [answers[step.index] for step in steps],
    }


def read_batch(bundle: Mapping[str, Any], base_url: str, fetch: Fetch) -> dict[str, Any]:
    """Process the reads of a batch Bundle, each entry alone; a batch cannot write.

    Args:
        bundle: a Bundle of the type `batch`.
        base_url: the base URL of this server.
        fetch: as for `process`.

    Raises:
        RequestRefused: it has no list of entries.
    """
    answers = [_read_alone(entry, base_url, fetch) for entry in _entries(bundle)]
    return {"resourceType": "Bundle", "type": "batch-response", "entry": answers}


def _read_alone(entry: Any, base_url: str, fetch: Fetch) -> dict[str, Any]:
    try:
        return fetch(*_read_request(entry, base_url))
    except RequestRefused as refused:
        status = f"{refused.status} {HTTPStatus(refused.status).phrase}"
        outcome = operation_outcome(refused.code, refused.diagnostics)
        return {"response": {"status": status, "outcome": outcome}}


def _read_request(entry: Any, base_url: str) -> tuple[str, str | None]:
    step = _read(0, entry, base_url)
    if step.method != "GET":
        raise RequestRefused(400, "not-supported", "a batch can only read")
    return step.url, step.condition.if_none_match


def _of(steps: Iterable[_Step], *methods: str) -> list[_Step]:
    return [step for step in steps if step.method in methods]


@contextmanager
def _at(index: int) -> Iterator[None]:
    try:
        yield
    except RequestRefused as refused:
        raise refused.within(f"entry {index}") from None


def _read_all(bundle: Mapping[str, Any], base_url: str) -> list[_Step]:
    steps = []
    for index, entry in enumerate(_entries(bundle)):
        with _at(index):
            steps.append(_read(index, entry, base_url))
    return steps


def _entries(bundle: Mapping[str, Any]) -> list[Any]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise RequestRefused(400, "structure", "Bundle.entry is not a list")
    return entries


def _read(index: int, entry: Any, base_url: str) -> _Step:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        raise RequestRefused(400, "structure", "the request is missing")
    wrong = [name for name, value in request.items() if not isinstance(value, str)]
    if wrong or not isinstance(entry.get("fullUrl", ""), str):
        raise RequestRefused(400, "structure", "a part of the request, or fullUrl, is not a string")
    step = _Step(
        index=index,
        method=request.get("method", ""),
        url=request.get("url", "").removeprefix(f"{base_url}/"),
        full_url=entry.get("fullUrl"),
        resource=entry.get("resource", {}),
        condition=Condition(
            if_match=request.get("ifMatch"), if_none_match=request.get("ifNoneMatch")
        ),
        if_none_exist=request.get("ifNoneExist"),
    )
    _check_step(step)
    return step


def _check_step(step: _Step) -> None:
    if step.method not in ("DELETE", "POST", "PUT", "GET"):
        raise RequestRefused(
            400, "not-supported", "the method is not one of DELETE, POST, PUT and GET"
        )
    if step.method != "GET" and step.resource_type not in PARAMETERS:
        raise RequestRefused(404, "not-supported", "resources of this type are not supported")
    if step.method in ("POST", "PUT"):
        check_resource(step.resource, step.resource_type)


def _delete(store: SandboxStore, step: _Step) -> dict[str, Any]:
    with _at(step.index):
        step.key = _literal_key(step.url)
        version = delete(store, step.key, step.condition)
    return {"response": version_facts(version, 204) if version else {"status": "204 No Content"}}


def _literal_key(url: str) -> Key:
    key = key_of(url)
    if key is None or url != str(key):
        raise RequestRefused(400, "not-supported", "the URL must be Type/id")
    return key


def _plan(store: SandboxStore, step: _Step) -> None:
    """Determine the key of the resource, before any reference to it is resolved."""
    with _at(step.index):
        if step.method == "PUT":
            resource_type, conditional, query = step.url.partition("?")
            step.key = (
                conditional_key(store, resource_type, query, step.resource)
                if conditional
                else _literal_key(step.url)
            )
        elif step.url != step.resource_type:
            raise RequestRefused(400, "invalid", "the URL of a POST must be a type")
        else:
            step.existing = _existing(store, step)
            step.key = step.existing.key if step.existing else new_key(step.resource_type)


def _existing(store: SandboxStore, step: _Step) -> StoredVersion | None:
    query = step.if_none_exist
    return sole_match(store, step.resource_type, query) if query is not None else None


def _check_overlaps(steps: list[_Step]) -> None:
    """Refuse two entries with the same resource or the same condition."""
    seen: set[object] = set()
    for step in steps:
        about: list[object] = [step.key] if step.key and step.existing is None else []
        if step.if_none_exist is not None:
            about.append((step.resource_type, step.if_none_exist))
        elif "?" in step.url and step.method == "PUT":
            about.append(tuple(step.url.split("?", 1)))
        if not seen.isdisjoint(about):
            raise RequestRefused(
                400,
                "duplicate",
                f"entry {step.index}: another entry has the same resource or condition",
            )
        seen.update(about)


def _resolve(steps: list[_Step]) -> None:
    names = {step.full_url: str(step.key) for step in steps if step.full_url and step.key}
    for step in _of(steps, "POST", "PUT"):
        resolve(step.resource, names)


def _write(store: SandboxStore, step: _Step) -> dict[str, Any]:
    if step.existing is not None:
        return {"response": version_facts(step.existing, 200)}
    assert step.key is not None  # noqa: S101 - `_plan` has set it for every POST and PUT.
    with _at(step.index):
        written = (
            create(store, step.key, step.resource)
            if step.method == "POST"
            else update(store, step.key, step.resource, step.condition)
        )
    return {"response": version_facts(written.version, written.status)}


def _check_references(store: SandboxStore, steps: list[_Step]) -> None:
    try:
        store.check_references()
    except DanglingReference as dangling:
        index = next(step.index for step in steps if step.key == dangling.key)
        raise dangling.within(f"entry {index}") from None
