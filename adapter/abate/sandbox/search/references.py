"""Literal references: reading them from a resource, and resolving them in a transaction."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from abate.sandbox.search.parameters import PARAMETERS

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_RELATIVE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?(?:#.*)?", re.ASCII)


class Key(NamedTuple):
    """The type and id of a resource on a server."""

    resource_type: str
    id: str

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.id}"


def key_of(url: str) -> Key | None:
    """Return the key of a relative URL `Type/id`, if the sandbox supports the type."""
    match = _RELATIVE.fullmatch(url)
    if match is None or match[1] not in PARAMETERS:
        return None
    return Key(match[1], match[2])


def links(tree: Any) -> Iterator[str]:
    """Return the text of each `reference`, at any depth."""
    for _, text in _references(tree):
        yield text


def resolve(tree: Any, known: Mapping[str, str]) -> None:
    """Replace, in place, each `reference` that `known` maps to another."""
    for holder, text in _references(tree):
        holder["reference"] = known.get(text, text)


def _references(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each object with a `reference`, and its text; not recursive: JSON may be deep."""
    rest = [tree]
    while rest:
        branch = rest.pop()
        if isinstance(branch, list):
            rest.extend(branch)
        elif isinstance(branch, dict):
            text = branch.get("reference")
            if isinstance(text, str):
                yield branch, text
            rest.extend(branch.values())
