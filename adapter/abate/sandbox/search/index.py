"""The search terms of a resource, collected once when it is written."""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from abate.sandbox.search.dates import Stretch, period, stretch
from abate.sandbox.search.parameters import PARAMETERS, Parameter

_LITERAL = re.compile(
    r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a resource, by parameter: `words` are looked up, `dates` are compared."""

    words: Mapping[str, frozenset[Hashable]]
    dates: Mapping[str, tuple[Stretch, ...]]


def terms_of(resource: Mapping[str, Any]) -> Terms:
    """Collect the terms of a resource for all the parameters of its type."""
    parameters = PARAMETERS[resource["resourceType"]].items()
    return Terms(
        {name: frozenset(_words(resource, p)) for name, p in parameters if p.kind != "date"},
        {name: tuple(_stretches(resource, p)) for name, p in parameters if p.kind == "date"},
    )


def _words(resource: Mapping[str, Any], parameter: Parameter) -> Iterator[Hashable]:
    for value in _values(resource, parameter):
        if parameter.kind == "token":
            yield from _token_words(value)
        elif parameter.kind == "reference":
            yield from _reference_words(value, parameter.only)
        elif isinstance(value, str):
            yield value


def _token_words(value: Any) -> Iterator[Hashable]:
    """Return the forms by which an Identifier, Coding, CodeableConcept or code is searched.

    They are pairs of system and code: None means any system, "" no system.
    """
    if isinstance(value, str):
        yield from _token_forms("", value)
    elif isinstance(value, dict):
        yield from _token_forms(value.get("system") or "", value.get("code") or value.get("value"))
        for coding in _as_list(value.get("coding")):
            yield from _token_words(coding)


def _token_forms(system: Any, code: Any) -> Iterator[Hashable]:
    if not isinstance(system, str):
        return
    if system:
        yield system, None
    if isinstance(code, str):
        yield from ((None, code), (system, code))


def _reference_words(value: Any, only: str | None) -> Iterator[Hashable]:
    text = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return
    match = _LITERAL.fullmatch(text)
    if only is not None and (match is None or match["type"] != only):
        return
    yield text
    if match is not None and "://" not in text:
        yield from (f"{match['type']}/{match['id']}", match["id"])


def _stretches(resource: Mapping[str, Any], parameter: Parameter) -> Iterator[Stretch]:
    """Return the valid dates; a search cannot find an invalid date."""
    for value in _values(resource, parameter):
        try:
            if isinstance(value, str):
                yield stretch(value)
            elif isinstance(value, dict) and ("start" in value or "end" in value):
                yield period(value.get("start"), value.get("end"))
        except (TypeError, ValueError):
            continue


def _values(resource: Mapping[str, Any], parameter: Parameter) -> Iterator[Any]:
    for element in parameter.elements:
        yield from _at(resource, element.split("."))


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield from _as_list(value)
        return
    for item in _as_list(value):
        if isinstance(item, dict):
            yield from _at(item.get(path[0]), path[1:])


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
