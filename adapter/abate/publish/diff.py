"""How a resource differs from the one on the target: elements, and numbers by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from abate.fhir.canonical import COMPONENT, forms_of
from abate.report.fhir.content_digest import RUN_TIMES, digest_of

# The figures of a resource are compared with the target even if the digests agree.
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
# Elements that contain a number and say nothing about its meaning.
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
    """A number that differs: the target's and the new one; None if there is no number."""

    name: str
    old: float | None
    new: float | None

    def __str__(self) -> str:
        """As `n 9 -> 10`; in full if six digits do not show the difference."""
        old, new = (
            f"{value:.6g}" if value is not None else "none" for value in (self.old, self.new)
        )
        if old == new:
            old, new = repr(self.old), repr(self.new)
        return f"{self.name} {old} -> {new}"


def elements(resource: Mapping[str, Any], existing: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the elements in which a resource differs from the existing one; empty if none does.

    If both have the same digest only figures are compared: a server may change the form of other
    elements, and a person may sign the report.
    """
    figures = tuple(key for key in _FIGURES if resource.get(key) != existing.get(key))
    if digest_of(resource) == digest_of(existing):
        return figures
    keys = dict.fromkeys([*resource, *existing])
    others = (key for key in keys if key not in _APART and key not in figures)
    return (*figures, *(key for key in others if resource.get(key) != existing.get(key))) or (
        "text",
    )


def numbers(resource: Mapping[str, Any], existing: Mapping[str, Any]) -> tuple[Number, ...]:
    """Return the numbers that differ, by the names of `results.json`: `value`, `n`, `p`."""
    new, old = dict(_name(resource)), dict(_name(existing))
    return tuple(
        Number(name=name, old=old.get(name), new=new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    )


def wordy(resource: Mapping[str, Any], existing: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the elements in which something other than a number differs."""
    return tuple(
        key
        for key in elements(resource, existing)
        if _without_numbers(resource.get(key)) != _without_numbers(existing.get(key))
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
        for item in node:
            yield from _numbers(item, words)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield words, node


def _read_texts(key: str) -> tuple[str, ...]:
    return () if key in _SILENT else (_SAID.get(key, key),)


def _label(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the name of an element of a list: its code, or the value of a stratum."""
    part = next(iter(node.get("component") or ()), node)
    is_group = part is not node or "population" in node
    keys = ("value", "valueCodeableConcept") if is_group else ("code",)
    for concept in (_first(part.get(key)) for key in keys):
        if isinstance(concept, Mapping) and (name := _concept(concept)):
            return (name,)
    return ()


def _first(given: Any) -> Any:
    """Return the first code: R4 has a list of codes, R5 a single one."""
    return given[0] if isinstance(given, list) and given else given


def _concept(concept: Mapping[str, Any]) -> str:
    """Return the code of abate, or the text; each count of an estimate has its own text."""
    codes = {
        coding.get("system"): str(coding.get("code")) for coding in concept.get("coding") or ()
    }
    ours = filter(None, map(codes.get, forms_of(COMPONENT)))
    code = next(ours, "") or next(iter(codes.values()), "")
    text = str(concept.get("text") or "")
    return f"count of {text}" if code == "count" and text else code or text


def _without_numbers(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without_numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_numbers(item) for item in node]
    return 0 if isinstance(node, int | float) and not isinstance(node, bool) else node
