"""The validation of R4 and R5 resources: their shape, and rules that the models do not have.

`fhir.resources` has models of R4B, not of R4; for the types that abate writes both have the same
elements. Its models (8.3, 2026-12) do not check the codes of required bindings, the types that a
reference may point to, or the length of an id, and they read `"7"` as the number 7. This module
checks these, from the models' field metadata and from `abate.report.fhir.bindings`.

Not checked: FHIRPath invariants, profiles, terminology beyond required bindings, and the target of
a `urn:uuid:` reference, which only its Bundle shows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from abate.report.fhir.bindings import EDITIONS, Edition
from abate.report.fhir.elements import Version

__all__ = ["faults"]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE_AND_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?$")
# https://hl7.org/fhir/R5/datatypes.html#decimal; abate itself writes fewer.
DECIMAL_PLACES = 17
_DECIMAL = re.compile(rf"-?\d{{1,18}}(\.\d{{1,{DECIMAL_PLACES}}})?(e[+-]?\d{{1,9}})?")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:")


_SHAPE_WORDS = {
    "extra_forbidden": "{edition} has no such element",
    "list_type": "must be a list without nulls",
    "missing": "is required",
    "model_field_validation.missing": "is required",
    "string_pattern_mismatch": "has a character that is not allowed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    """One element: `name` is `Type.element` in the models, `path` its place."""

    name: str
    path: str
    raw: Any
    value: Any
    metadata: Mapping[str, Any]


def faults(resource: Mapping[str, Any], version: Version = "R4") -> list[str]:
    """Return what is wrong with `resource` (JSON as Python reads it) by R4 or R5.

    Each fault is `path: what is expected there`, without a value of the resource. Codes and
    references are checked only if the shape is right.
    """
    edition, kind = EDITIONS[version], resource.get("resourceType")
    if not (isinstance(kind, str) and _is_type(kind, edition)):
        return [f"resourceType: must be an {version} resource type"]
    try:
        model = edition.model(kind).model_validate(dict(resource))
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        problems = [_shape_fault(edition, kind, detail) for detail in details]
    except (KeyError, TypeError):
        # fhir.resources 8.3 looks up the type of an inner resource without a check (2026-12).
        problems = [f"{kind}: holds a resource of a type that {version} does not have"]
    else:
        problems = list(_rule_faults(resource, model, kind, edition))
    return list(dict.fromkeys(problems))


def _shape_fault(edition: Edition, kind: str, error: Mapping[str, Any]) -> str:
    path = _path(kind, error["loc"])
    if "but got multiple" in error["msg"]:
        return f"{_choice(path, error['msg'])}: must be given once, in one type"
    words = _SHAPE_WORDS.get(error["type"], f"has the wrong shape ({error['type']})")
    return f"{path}: {words.format(edition=edition.name)}"


def _path(kind: str, location: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return kind + "".join(parts)


def _choice(path: str, message: str) -> str:
    """Return the path of a choice such as value[x], from the message that lists its elements."""
    first = re.search(r"\['([a-z]+)", message)
    return f"{path}.{first[1]}[x]" if first else path


def _rule_faults(raw: Any, model: BaseModel, path: str, edition: Edition) -> Iterator[str]:
    kind = type(model).__name__
    if not isinstance(raw, Mapping) or not raw:
        yield f"{path}: must be an object with content"
        return
    if kind in edition.absent:
        yield f"{path}: {edition.name} has no such type"
    for element in _elements(raw, model, kind, path):
        yield from _element_faults(element, edition)


def _elements(raw: Mapping[str, Any], model: BaseModel, kind: str, path: str) -> Iterator[_Element]:
    """Give the elements of a model, with each item of a list as its own element."""
    for attribute, field in type(model).model_fields.items():
        key = field.alias or attribute
        if key not in raw:
            continue
        value, source = getattr(model, attribute), raw[key]
        metadata = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        many = isinstance(source, list) and bool(source)
        for index, item in enumerate(source if many else [source]):
            yield _Element(
                name=f"{kind}.{key}",
                path=f"{path}.{key}[{index}]" if many else f"{path}.{key}",
                raw=item,
                value=value[index] if many else value,
                metadata=metadata,
            )


def _element_faults(element: _Element, edition: Edition) -> Iterator[str]:
    if isinstance(element.value, BaseModel):
        yield from _rule_faults(element.raw, element.value, element.path, edition)
        if isinstance(element.raw, Mapping):
            yield from _target_faults(element, edition)
            yield from _concept_faults(element, edition)
    elif element.raw is None:
        if not element.path.endswith("]"):
            yield f"{element.path}: must not be null"
    elif not _is_json_of(element.raw, element.value):
        yield f"{element.path}: has the wrong JSON type"
    else:
        yield from _code_faults(element, edition)
        yield from _id_faults(element, edition)
        if isinstance(element.raw, float) and not _DECIMAL.fullmatch(repr(element.raw)):
            yield f"{element.path}: must have at most {DECIMAL_PLACES} decimal places"


def _is_json_of(raw: Any, value: Any) -> bool:
    """Whether a JSON value has the type that the model read, which converts silently."""
    if isinstance(value, bool):
        return isinstance(raw, bool)
    if isinstance(value, int):
        return type(raw) is int
    if isinstance(value, Decimal | float):
        return isinstance(raw, int | float | Decimal) and not isinstance(raw, bool)
    return isinstance(raw, str)


def _code_faults(element: _Element, edition: Edition) -> Iterator[str]:
    codes = edition.codes.get(element.name, element.metadata.get("enum_values", ()))
    if codes and "+" not in codes and element.raw not in codes:
        yield f"{element.path}: must be one of {', '.join(codes)}"


def _concept_faults(element: _Element, edition: Edition) -> Iterator[str]:
    if element.name not in edition.concepts:
        return
    system, codes = edition.concepts[element.name]
    codings = element.value.coding or []
    if not any(coding.system == system and coding.code in codes for coding in codings):
        yield f"{element.path}: must have one of {', '.join(codes)} of {system}"


def _id_faults(element: _Element, edition: Edition) -> Iterator[str]:
    kind, _, key = element.name.partition(".")
    if key == "id" and _is_type(kind, edition) and not _ID.fullmatch(element.raw):
        yield f"{element.path}: must be 1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'"


def _target_faults(element: _Element, edition: Edition) -> Iterator[str]:
    if type(element.value).__name__ != "Reference":
        return
    metadata = element.metadata.get("enum_reference_types", ["Resource"])
    allowed = edition.targets.get(element.name, metadata)
    reference = element.raw.get("reference")
    if reference is not None and _is_malformed(reference):
        yield f"{element.path}.reference: must be 'Type/id', '#id' or an absolute URL"
    named = {"type": element.raw.get("type"), "reference": _target_type(reference)}
    for key, kind in named.items():
        if kind is not None and not _is_allowed(kind, allowed, edition):
            expected = (
                f"any {edition.name} resource" if "Resource" in allowed else ", ".join(allowed)
            )
            yield f"{element.path}.{key}: must point to {expected}"


def _is_malformed(reference: str) -> bool:
    whole = reference.startswith("#") or _ABSOLUTE.match(reference)
    return not (whole or (_TYPE_AND_ID.match(reference) and not reference.startswith("/")))


def _target_type(reference: str | None) -> str | None:
    """Return the resource type in a literal reference; None if it has none."""
    match = _TYPE_AND_ID.search(reference or "")
    return match[1] if match and not (reference or "").startswith(("#", "urn:")) else None


def _is_allowed(kind: str, allowed: list[str] | tuple[str, ...], edition: Edition) -> bool:
    return kind in allowed or ("Resource" in allowed and _is_type(kind, edition))


def _is_type(kind: str, edition: Edition) -> bool:
    """Whether this is the name of a resource type, not of a data type or a backbone element."""
    if kind in edition.absent:
        return False
    try:
        model = edition.model(kind)
    except (KeyError, ValueError):
        return False
    bases = {base.__name__ for base in model.__mro__[1:]}
    return "Resource" in bases and kind != "DomainResource"
