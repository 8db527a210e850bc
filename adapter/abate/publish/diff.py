"""How a resource differs from the one that stands in its place: elements, and numbers by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from abate.fhir.canonical import COMPONENT, forms_of
from abate.report.fhir.content_digest import RUN_TIMES, digest_of

# What a reader takes from a resource: compared with the target even where the digest agrees.
_FIGURES = (
    "valueQuantity",
    "dataAbsentReason",
    "component",
    "quantity",
    "group",
    "entry",
    "result",
    "target",
    "conclusion",
    "presentedForm",
)
# Elements that say where a number stands, and nothing of what it is.
_SILENT = {
    "component",
    "count",
    "group",
    "population",
    "stratifier",
    "stratum",
    "value",
    "valueInteger",
    "valueQuantity",
}
_SAID = {"measureScoreQuantity": "measureScore"}  # R5's name of R4's element.
_APART = {"meta", "extension", "text", *RUN_TIMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that differs: what stands on the target, and what would; None is no number."""

    name: str
    old: float | None
    new: float | None


def elements(resource: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """The elements in which a resource differs from what was `found`; empty if it is the same.

    Where both have the same digest only figures are compared: a server may write the rest in
    other words, and a person may sign.
    """
    figures = tuple(key for key in _FIGURES if resource.get(key) != found.get(key))
    if digest_of(resource) == digest_of(found):
        return figures
    keys = dict.fromkeys([*resource, *found])
    others = (key for key in keys if key not in _APART and key not in figures)
    return (*figures, *(key for key in others if resource.get(key) != found.get(key))) or ("text",)


def numbers(resource: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Number, ...]:
    """The numbers that differ, named as people name them: `value`, `n`, `p`, `denominator`."""
    new, old = dict(_name(resource)), dict(_name(found))
    return tuple(
        Number(name=name, old=old.get(name), new=new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    )


def wordy(resource: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """The elements in which something else than a number differs."""
    return tuple(
        key
        for key in elements(resource, found)
        if _without_numbers(resource.get(key)) != _without_numbers(found.get(key))
    )


def _name(resource: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    seen: dict[str, int] = {}
    for key, value in resource.items():
        if key in _APART:
            continue
        for words, number in _numbers(value, _read_texts(key)):
            name = " ".join(words) or "value"
            seen[name] = seen.get(name, 0) + 1
            yield name if seen[name] == 1 else f"{name} ({seen[name]})", number


def _numbers(node: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(node, Mapping):
        here = (*words, *_label(node))
        for key, value in node.items():
            yield from _numbers(value, (*here, *_read_texts(key)))
    elif isinstance(node, list):
        for one in node:
            yield from _numbers(one, words)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield words, node


def _read_texts(key: str) -> tuple[str, ...]:
    return () if key in _SILENT else (_SAID.get(key, key),)


def _label(node: Mapping[str, Any]) -> tuple[str, ...]:
    """What an element of a list is called: by its code, a stratum by its value, a group not."""
    part = next(iter(node.get("component") or ()), node)
    is_group = part is not node or "population" in node
    keys = ("value", "valueCodeableConcept") if is_group else ("code",)
    for concept in (_first(part.get(key)) for key in keys):
        if isinstance(concept, Mapping) and (name := _concept(concept)):
            return (name,)
    return ()


def _first(given: Any) -> Any:
    """R4 has several codes where R5 has one."""
    return given[0] if isinstance(given, list) and given else given


def _concept(concept: Mapping[str, Any]) -> str:
    """The code that abate gave, or the text; of the counts of an estimate each has its own text."""
    codes = {one.get("system"): str(one.get("code")) for one in concept.get("coding") or ()}
    ours = filter(None, map(codes.get, forms_of(COMPONENT)))
    code = next(ours, "") or next(iter(codes.values()), "")
    text = str(concept.get("text") or "")
    return f"count of {text}" if code == "count" and text else code or text


def _without_numbers(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without_numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_numbers(one) for one in node]
    return 0 if isinstance(node, int | float) and not isinstance(node, bool) else node
