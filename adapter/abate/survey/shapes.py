"""How a resource writes its value, its time and its categories: never what stands in it."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from abate.source.forms import CATEGORIES
from abate.source.query import token
from abate.source.shown import one_line

NO_CATEGORY = "no category"
UNSEARCHABLE = "a category that no search can name"
_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
_LONGEST_CATEGORY = 200  # in characters
_VALUES = (
    *("valueQuantity", "valueInteger", "valueCodeableConcept", "valueString", "valueBoolean"),
    *("valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
)
_TIMES = (
    *("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"),
    *("performedDateTime", "performedPeriod", "performedString", "performedAge", "performedRange"),
)


def shape_of_value(observation: Mapping[str, Any], units: Collection[str]) -> str:
    """The shape of an Observation's value.

    Args:
        observation: the resource.
        units: units that may be shown as they are; another one is shown if it has no digit, since
            some servers put the value there.
    """
    name = next((name for name in _VALUES if name in observation), None)
    if name is None:
        if "component" in observation:
            return "component"
        return "no value: dataAbsentReason" if "dataAbsentReason" in observation else "no value"
    shape = _shape_of_quantity(observation[name], units) if name == "valueQuantity" else name
    ranges = observation.get("referenceRange")
    has_high = isinstance(ranges, list) and any("high" in one for one in ranges)
    is_number = name in ("valueQuantity", "valueInteger")
    return f"{shape}, with a reference range" if has_high and is_number else shape


def shape_of_time(resource: Mapping[str, Any]) -> str:
    """The shape of the time that a resource is about."""
    name = next((name for name in _TIMES if name in resource), None)
    if name is None:
        return "no time"
    time = resource[name]
    if name.endswith("Period"):
        time = time.get("start") if isinstance(time, dict) else None
        if not time:
            return f"{name} without a start"
    return f"{name}, {_precision(time)}"


def name_categories(observation: Mapping[str, Any]) -> set[str]:
    """The categories of an Observation as a study file names them, or a word for their lack."""
    names = {_name_category(*one) for one in _category_codings(observation)}
    return {one or UNSEARCHABLE for one in names} or {NO_CATEGORY}


def _category_codings(observation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """System and code of the categories; an empty code if there is only text."""
    concepts = observation.get("category")
    for concept in concepts if isinstance(concepts, list) else []:
        codings = concept.get("coding") if isinstance(concept, dict) else None
        for coding in codings if isinstance(codings, list) and codings else [None]:
            parts = coding if isinstance(coding, dict) else {}
            system, code = parts.get("system"), parts.get("code")
            yield system if isinstance(system, str) else "", code if isinstance(code, str) else ""


def _name_category(system: str, code: str) -> str:
    """A category as a study file names it; empty if it cannot be named there."""
    name = token("" if system == _CATEGORY_SYSTEM and code in CATEGORIES else system, code)
    is_nameable = re.fullmatch(r"[^\s,$]+", name) and one_line(name, _LONGEST_CATEGORY) == name
    return name if code and is_nameable else ""


def _shape_of_quantity(quantity: Any, units: Collection[str]) -> str:
    if not isinstance(quantity, dict):
        return "valueQuantity of another shape"
    if "value" not in quantity:
        return "valueQuantity without a value"
    unit = one_line(quantity.get("code") or quantity.get("unit"), 20)
    if not unit:
        return "valueQuantity without a unit"
    if unit not in units and re.search(r"\d", unit):
        unit = "another unit, which holds digits"
    return f"valueQuantity in {unit}"


def _precision(time: Any) -> str:
    if not isinstance(time, str):
        return "of another shape"
    if "T" not in time:
        return "a date without a time"
    return "with an offset" if re.search(r"(Z|[+-]\d\d:\d\d)$", time) else "without an offset"
