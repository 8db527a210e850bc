"""The one rule by which numbers are rounded before they are published, and on the page.

Six decimals: some servers keep no more, and what is read back must be what was written. A tie goes
to the even digit. `results.json` and the CSV files hold all digits.
"""

from typing import Any

DECIMALS = 6
SMALLEST = 0.000001


def round_number(value: float) -> float:
    """The number with six decimals at most; an integer where it is one."""
    short = round(float(value), DECIMALS)
    return int(short) if short.is_integer() else short


def round_p(p: float) -> float:
    """A p-value with six decimals at most, and never 0: one that is smaller is `SMALLEST`."""
    return max(SMALLEST, round_number(p))


def is_below(p: float) -> bool:
    """Whether a p-value is too small for six decimals: less than what is written."""
    return p < SMALLEST


def round_resource(resource: dict[str, Any]) -> dict[str, Any]:
    """The same resource with each of its numbers rounded, for resources that a plugin makes.

    A `valueQuantity` may be a p-value: one above 0 that is too small is less than `SMALLEST`.
    """
    return {
        key: {**round_resource(part), "value": SMALLEST, "comparator": "<"}
        if key == "valueQuantity" and _is_too_small(part)
        else _round(part)
        for key, part in resource.items()
    }


def _round(part: Any) -> Any:
    if isinstance(part, dict):
        return round_resource(part)
    if isinstance(part, list):
        return [_round(item) for item in part]
    return round_number(part) if isinstance(part, float) else part


def _is_too_small(quantity: Any) -> bool:
    """Whether this quantity is above 0 and below the smallest number that is written."""
    if not isinstance(quantity, dict) or quantity.get("comparator", "<") not in ("<", "<="):
        return False
    value = quantity.get("value")
    return isinstance(value, float) and 0 < value < SMALLEST


def short(value: float) -> str:
    """Up to four digits that count of a rounded number; no exponent where it is small."""
    text = f"{value:.4g}"
    return f"{value:.{DECIMALS}f}".rstrip("0") if "e-" in text else text
