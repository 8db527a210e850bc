"""What is wrong with an R4 resource: its shape, and the R4 rules that the models leave out.

`fhir.resources` has models of R4B, not of R4; for the types that abate writes both have the same
elements. Its models do not check the codes of required bindings, the types that a reference may
point to, or the length of an id, and they read `"7"` as the number 7: that is done here, from
the models' own field metadata and the few places where R4 is narrower than R4B.

Not checked: FHIRPath invariants, profiles, terminology beyond required bindings, and what a
`urn:uuid:` reference points to, which only its Bundle knows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

__all__ = ["faults"]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE_AND_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?$")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Required codes where the models shorten the list to "+" or have none:
# https://hl7.org/fhir/R4/valueset-observation-status.html and its siblings.
_CODES = {
    "DiagnosticReport.status": _words(
        "registered partial preliminary final amended corrected appended cancelled "
        "entered-in-error unknown"
    ),
    "Encounter.status": _words(
        "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
    ),
    "Observation.status": _words(
        "registered preliminary final amended corrected cancelled entered-in-error unknown"
    ),
    "Quantity.comparator": _words("< <= >= >"),
}
_CODES["EncounterStatusHistory.status"] = _CODES["Encounter.status"]

# Required bindings of CodeableConcepts, of which the models' metadata say nothing:
# https://hl7.org/fhir/R4/valueset-condition-clinical.html and its siblings.
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_IMPROVEMENT = (f"{_TERMINOLOGY}/measure-improvement-notation", _words("increase decrease"))
_CONCEPTS = {
    "Condition.clinicalStatus": (
        f"{_TERMINOLOGY}/condition-clinical",
        _words("active recurrence relapse inactive remission resolved"),
    ),
    "Condition.verificationStatus": (
        f"{_TERMINOLOGY}/condition-ver-status",
        _words("unconfirmed provisional differential confirmed refuted entered-in-error"),
    ),
    "Measure.improvementNotation": _IMPROVEMENT,
    "MeasureReport.improvementNotation": _IMPROVEMENT,
}

# R4 is narrower than R4B: https://hl7.org/fhir/R4/observation.html and its siblings.
_TARGETS = {
    "DiagnosticReport.subject": _words("Patient Group Device Location"),
    "GroupMember.entity": _words(
        "Patient Practitioner PractitionerRole Device Medication Substance Group"
    ),
    "Observation.subject": _words("Patient Group Device Location"),
}

# Resources and data types that R4B has and R4 has not: https://hl7.org/fhir/R4B/history.html
_NOT_R4 = _words(
    "AdministrableProductDefinition Citation ClinicalUseDefinition CodeableReference "
    "EvidenceReport Ingredient ManufacturedItemDefinition MedicinalProductDefinition "
    "NutritionProduct PackagedProductDefinition RatioRange RegulatedAuthorization "
    "SubscriptionStatus SubscriptionTopic SubstanceDefinition"
)

_SHAPE_WORDS = {
    "extra_forbidden": "R4 has no such element",
    "list_type": "must be a list without nulls",
    "missing": "is required",
    "model_field_validation.missing": "is required",
    "string_pattern_mismatch": "has a character that is not allowed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    """One element: `name` is `Type.element` in the models' words, `path` its place."""

    name: str
    path: str
    raw: Any
    value: Any
    metadata: Mapping[str, Any]


def faults(resource: Mapping[str, Any]) -> list[str]:
    """What is wrong with `resource` (JSON as Python reads it) by R4; empty if nothing is.

    Each fault is `path: what is expected there` and repeats no value of the resource. Codes and
    references are looked at only when the shape is right.
    """
    kind = resource.get("resourceType")
    if not (isinstance(kind, str) and _is_r4_type(kind)):
        return ["resourceType: must be an R4 resource type"]
    try:
        model = get_fhir_model_class(kind).model_validate(dict(resource))
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        found = [_shape_fault(kind, one["loc"], one["type"], one["msg"]) for one in details]
    except (KeyError, TypeError):
        # fhir.resources 8.3 looks the type of an inner resource up in a table, unguarded.
        found = [f"{kind}: holds a resource of a type that R4 does not have"]
    else:
        found = list(_rule_faults(resource, model, kind))
    return list(dict.fromkeys(found))


def _shape_fault(kind: str, location: tuple[int | str, ...], error: str, message: str) -> str:
    path = _path(kind, location)
    if "but got multiple" in message:
        return f"{_choice(path, message)}: must be given once, in one type"
    return f"{path}: {_SHAPE_WORDS.get(error, f'has the wrong shape ({error})')}"


def _path(kind: str, location: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return kind + "".join(parts)


def _choice(path: str, message: str) -> str:
    """The path of a choice such as value[x], from the message that lists the choice's elements."""
    first = re.search(r"\['([a-z]+)", message)
    return f"{path}.{first[1]}[x]" if first else path


def _rule_faults(raw: Any, model: BaseModel, path: str) -> Iterator[str]:
    kind = type(model).__name__
    if not isinstance(raw, Mapping) or not raw:
        yield f"{path}: must be an object with content"
        return
    if kind in _NOT_R4:
        yield f"{path}: R4 has no such type"
    for element in _elements(raw, model, kind, path):
        yield from _element_faults(element)


def _elements(raw: Mapping[str, Any], model: BaseModel, kind: str, path: str) -> Iterator[_Element]:
    """The elements of a model that are there, each item of a list by itself."""
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


def _element_faults(element: _Element) -> Iterator[str]:
    if isinstance(element.value, BaseModel):
        yield from _rule_faults(element.raw, element.value, element.path)
        if isinstance(element.raw, Mapping):
            yield from _target_faults(element)
            yield from _concept_faults(element)
    elif element.raw is None:
        if not element.path.endswith("]"):
            yield f"{element.path}: must not be null"
    elif not _is_json_of(element.raw, element.value):
        yield f"{element.path}: has the wrong JSON type"
    else:
        yield from _code_faults(element)
        yield from _id_faults(element)


def _is_json_of(raw: Any, value: Any) -> bool:
    """Whether a JSON value is of the kind that the model read it as, which coerces in silence."""
    if isinstance(value, bool):
        return isinstance(raw, bool)
    if isinstance(value, int):
        return type(raw) is int
    if isinstance(value, Decimal | float):
        return isinstance(raw, int | float | Decimal) and not isinstance(raw, bool)
    return isinstance(raw, str)


def _code_faults(element: _Element) -> Iterator[str]:
    codes = _CODES.get(element.name, element.metadata.get("enum_values", ()))
    if codes and "+" not in codes and element.raw not in codes:
        yield f"{element.path}: must be one of {', '.join(codes)}"


def _concept_faults(element: _Element) -> Iterator[str]:
    if element.name not in _CONCEPTS:
        return
    system, codes = _CONCEPTS[element.name]
    codings = element.value.coding or []
    if not any(one.system == system and one.code in codes for one in codings):
        yield f"{element.path}: must have one of {', '.join(codes)} of {system}"


def _id_faults(element: _Element) -> Iterator[str]:
    kind, _, key = element.name.partition(".")
    if key == "id" and _is_r4_type(kind) and not _ID.fullmatch(element.raw):
        yield f"{element.path}: must be 1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'"


def _target_faults(element: _Element) -> Iterator[str]:
    if type(element.value).__name__ != "Reference":
        return
    allowed = _TARGETS.get(element.name, element.metadata.get("enum_reference_types", ["Resource"]))
    reference = element.raw.get("reference")
    if reference is not None and _is_malformed(reference):
        yield f"{element.path}.reference: must be 'Type/id', '#id' or an absolute URL"
    named = {"type": element.raw.get("type"), "reference": _target_type(reference)}
    for key, kind in named.items():
        if kind is not None and not _is_allowed(kind, allowed):
            expected = "any R4 resource" if "Resource" in allowed else ", ".join(allowed)
            yield f"{element.path}.{key}: must point to {expected}"


def _is_malformed(reference: str) -> bool:
    whole = reference.startswith("#") or _ABSOLUTE.match(reference)
    return not (whole or (_TYPE_AND_ID.match(reference) and not reference.startswith("/")))


def _target_type(reference: str | None) -> str | None:
    """The resource type that a literal reference names; None if it names none."""
    match = _TYPE_AND_ID.search(reference or "")
    return match[1] if match and not (reference or "").startswith(("#", "urn:")) else None


def _is_allowed(kind: str, allowed: list[str] | tuple[str, ...]) -> bool:
    return kind in allowed or ("Resource" in allowed and _is_r4_type(kind))


def _is_r4_type(kind: str) -> bool:
    """Whether R4 has a resource of this name (data types and backbone elements are none)."""
    if kind in _NOT_R4:
        return False
    try:
        model = get_fhir_model_class(kind)
    except (KeyError, ValueError):
        return False
    bases = {base.__name__ for base in model.__mro__[1:]}
    return "Resource" in bases and kind != "DomainResource"
