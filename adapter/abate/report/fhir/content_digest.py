"""A digest of a resource's content, which tells whether there is anything to write."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from abate.fhir.canonical import DIGEST
from abate.report.fhir.elements import Resource

# Elements that say when something was done: a report that differs in nothing else is the same.
RUN_TIMES = ("date", "issued", "recorded")


def digest(resource: Mapping[str, Any]) -> str:
    """A digest of the content: without run times, meta, and the digest itself."""
    left_out = {*RUN_TIMES, "meta", "extension"}
    content = {key: value for key, value in resource.items() if key not in left_out}
    if others := _other_extensions(resource):
        content["extension"] = others
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def digest_of(resource: Mapping[str, Any]) -> str | None:
    """The digest that a resource carries, if it is one of ours."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == DIGEST:
            return str(extension.get("valueString"))
    return None


def mark(resource: Mapping[str, Any]) -> Resource:
    """The resource with its digest, in the order of the elements of a resource."""
    mark = {"url": DIGEST, "valueString": digest(resource)}
    whole = {**resource, "extension": [*_other_extensions(resource), mark]}
    head = [key for key in ("resourceType", "id", "meta", "text", "extension") if key in whole]
    return {key: whole[key] for key in dict.fromkeys([*head, *whole])}


def _other_extensions(resource: Mapping[str, Any]) -> list[Any]:
    return [
        extension for extension in resource.get("extension", ()) if extension.get("url") != DIGEST
    ]
