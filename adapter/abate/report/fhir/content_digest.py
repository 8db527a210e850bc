"""A digest of a resource's content, which shows whether it must be written."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from abate.fhir.canonical import DIGEST
from abate.report.fhir.elements import Resource

# The times of a run: a resource that differs only in these is unchanged.
RUN_TIMES = ("date", "issued", "recorded")


def digest(resource: Mapping[str, Any]) -> str:
    """Return a digest of the content without run times, meta, and the digest itself."""
    left_out = {*RUN_TIMES, "meta", "extension"}
    content = {key: value for key, value in resource.items() if key not in left_out}
    if others := _other_extensions(resource):
        content["extension"] = others
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def digest_of(resource: Mapping[str, Any]) -> str | None:
    """Return the digest in a resource; None if it is not one of ours."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == DIGEST:
            return str(extension.get("valueString"))
    return None


def mark(resource: Mapping[str, Any]) -> Resource:
    """Add the digest to a resource, in the order of FHIR's elements."""
    mark = {"url": DIGEST, "valueString": digest(resource)}
    whole = {**resource, "extension": [*_other_extensions(resource), mark]}
    head = [key for key in ("resourceType", "id", "meta", "text", "extension") if key in whole]
    return {key: whole[key] for key in dict.fromkeys([*head, *whole])}


def _other_extensions(resource: Mapping[str, Any]) -> list[Any]:
    return [
        extension for extension in resource.get("extension", ()) if extension.get("url") != DIGEST
    ]
