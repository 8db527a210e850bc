"""Literal references: which a resource makes, and what they become in a transaction."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from abate.sandbox.search.parameters import PARAMETERS

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_RELATIVE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?(?:#.*)?", re.ASCII)


class Key(NamedTuple):
    """What names a resource on a server."""

    resource_type: str
    id: str

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.id}"


def key_of(url: str) -> Key | None:
    """The key in a relative URL `Type/id` of a type that the sandbox holds."""
    match = _RELATIVE.fullmatch(url)
    if match is None or match[1] not in PARAMETERS:
        return None
    return Key(match[1], match[2])


def links(tree: Any) -> Iterator[str]:
    """The text of each `reference`, however deep."""
    for _, text in _references(tree):
        yield text


def resolve(tree: Any, known: Mapping[str, str]) -> None:
    """Replace, in place, each `reference` that `known` has another name for."""
    for holder, text in _references(tree):
        holder["reference"] = known.get(text, text)


def _references(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Each object that has a `reference`, with it. Not recursive: JSON may be nested deeply."""
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
