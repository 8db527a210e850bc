"""Load files into the store: a Bundle, a single resource, or NDJSON. Ids are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from abate.errors import AbateError
from abate.sandbox import json_codec
from abate.sandbox.errors import RequestRefused
from abate.sandbox.interactions import check_resource, new_key
from abate.sandbox.search.parameters import PARAMETERS
from abate.sandbox.search.references import Key, resolve
from abate.sandbox.store import DanglingReference, SandboxStore


class _Loaded(NamedTuple):
    place: str
    full_url: str
    resource: Any


def load(store: SandboxStore, path: Path) -> int:
    """Write every resource of a file, all or none, and return their number.

    The requests of a Bundle are ignored. A resource without an id takes it from its `urn:uuid:`
    fullUrl, and references to a fullUrl become references to the resource.

    Raises:
        AbateError: names the file and the line or the entry, never the content.
    """
    try:
        loaded = list(_read(path))
    except OSError as error:
        raise AbateError(f"{path} cannot be read: {error.strerror}") from None
    with store.changes():
        _write(store, loaded)
    return len(loaded)


def _read(path: Path) -> Iterator[_Loaded]:
    if path.suffix == ".ndjson":
        yield from _lines(path)
        return
    tree = _decode(path.read_bytes(), path)
    if isinstance(tree, dict) and tree.get("resourceType") == "Bundle":
        yield from _entries(tree, path)
    else:
        yield _Loaded(f"{path}, line 1", "", tree)


def _lines(path: Path) -> Iterator[_Loaded]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _Loaded(f"{path}, line {number}", "", _decode(line, path, number))


def _decode(text: bytes, path: Path, line: int | None = None) -> Any:
    try:
        return json_codec.decode(text)
    except ValueError as error:
        where = line or getattr(error, "lineno", 1)
    raise AbateError(f"{path}, line {where} is not JSON")


def _entries(bundle: dict[str, Any], path: Path) -> Iterator[_Loaded]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise AbateError(f"{path}: Bundle.entry is not a list")
    for index, entry in enumerate(entries):
        place = f"{path}, entry {index}"
        if not isinstance(entry, dict) or "resource" not in entry:
            raise AbateError(f"{place} has no resource")
        yield _Loaded(place, str(entry.get("fullUrl", "")), entry["resource"])


def _write(store: SandboxStore, loaded: list[_Loaded]) -> None:
    keys = [_key(resource) for resource in loaded]
    names = {
        resource.full_url: str(key)
        for resource, key in zip(loaded, keys, strict=True)
        if resource.full_url
    }
    for resource, key in zip(loaded, keys, strict=True):
        resolve(resource.resource, names)
        try:
            store.write(key, resource.resource, "PUT")
        except RequestRefused as refused:
            raise AbateError(f"{resource.place}: {refused.diagnostics}") from None
    try:
        store.check_references()
    except DanglingReference as dangling:
        place = loaded[keys.index(dangling.key)].place
        raise AbateError(f"{place}: {dangling.diagnostics}") from None


def _key(loaded: _Loaded) -> Key:
    resource = loaded.resource
    resource_type = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource_type, str) or resource_type not in PARAMETERS:
        raise AbateError(f"{loaded.place} is not a resource of a type that the sandbox supports")
    try:
        check_resource(resource, resource_type)
    except RequestRefused as refused:
        raise AbateError(f"{loaded.place}: {refused.diagnostics}") from None
    if "id" in resource:
        return Key(resource_type, resource["id"])
    if loaded.full_url.startswith("urn:uuid:"):
        return Key(resource_type, loaded.full_url.removeprefix("urn:uuid:"))
    return new_key(resource_type)
