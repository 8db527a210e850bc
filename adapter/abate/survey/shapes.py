"""How a resource writes its value and its time: the shape only, never what stands in it."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from abate.survey.ability import plain

VALUES = (
    "valueQuantity",
    "valueInteger",
    "valueCodeableConcept",
    "valueString",
    "valueBoolean",
    "valueRange",
    "valueRatio",
    "valueSampledData",
    "valueTime",
    "valueDateTime",
    "valuePeriod",
)
MOMENTS = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "effectiveTiming",
    "performedDateTime",
    "performedPeriod",
    "performedString",
    "performedAge",
    "performedRange",
)
_UNIT_BEYOND = "another unit, which holds digits"


def value(resource: Mapping[str, Any], units: Collection[str]) -> str:
    """The shape of an Observation's value.

    Args:
        resource: the Observation.
        units: units that may be shown as they are; another one is shown if it has no digit, since
            some servers put the value there.
    """
    for name in VALUES:
        if name in resource:
            ending = _ranged(resource) if name in ("valueQuantity", "valueInteger") else ""
            found = _quantity(resource[name], units) if name == "valueQuantity" else name
            return found + ending
    if "component" in resource:
        return "component"
    return "no value: dataAbsentReason" if "dataAbsentReason" in resource else "no value"


def moment(resource: Mapping[str, Any]) -> str:
    """The shape of the time that a resource is about."""
    for name in MOMENTS:
        if name in resource:
            said = resource[name]
            if name.endswith("Period"):
                said = said.get("start") if isinstance(said, dict) else None
                return f"{name}, {_precision(said)}" if said else f"{name} without a start"
            return f"{name}, {_precision(said)}"
    return "no time"


def _quantity(said: Any, units: Collection[str]) -> str:
    if not isinstance(said, dict):
        return "valueQuantity of another shape"
    if "value" not in said:
        return "valueQuantity without a value"
    unit = plain(said.get("code") or said.get("unit"), 20)
    if not unit:
        return "valueQuantity without a unit"
    if unit not in units and re.search(r"\d", unit):
        unit = _UNIT_BEYOND
    return f"valueQuantity in {unit}"


def _ranged(resource: Mapping[str, Any]) -> str:
    ranges = resource.get("referenceRange")
    highs = [one for one in ranges if "high" in one] if isinstance(ranges, list) else []
    return ", with a reference range" if highs else ""


def _precision(said: Any) -> str:
    if not isinstance(said, str):
        return "of another shape"
    if "T" not in said:
        return "a date without a time"
    return "with an offset" if re.search(r"(Z|[+-]\d\d:\d\d)$", said) else "without an offset"
