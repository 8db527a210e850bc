"""The rounding of numbers in publications and on the page.

Numbers have six decimals: some servers keep no more, and the report must be read back as it was
written. A tie goes to the even digit. `results.json` and the CSV files have all digits.
"""

from typing import Any

DECIMALS = 6
SMALLEST = 0.000001


def round_number(value: float) -> float:
    """Return the number with at most six decimals; as an integer if it is one."""
    short = round(float(value), DECIMALS)
    return int(short) if short.is_integer() else short


def round_p(p: float) -> float:
    """Return a p-value with at most six decimals, and never 0: a smaller one is `SMALLEST`."""
    return max(SMALLEST, round_number(p))


def is_below(p: float) -> bool:
    """Whether a p-value is too small for six decimals, and is written as less than `SMALLEST`."""
    return p < SMALLEST


def round_resource(resource: dict[str, Any]) -> dict[str, Any]:
    """Round each number of a resource that a plugin made.

    A `valueQuantity` may be a p-value: if it is above 0 and too small, it is less than `SMALLEST`.
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
    """Whether a quantity is above 0 and below the smallest number that is written."""
    if not isinstance(quantity, dict) or quantity.get("comparator", "<") not in ("<", "<="):
        return False
    value = quantity.get("value")
    return isinstance(value, float) and 0 < value < SMALLEST


def short(value: float) -> str:
    """Return up to four significant digits of a rounded number, without exponent if it is small."""
    text = f"{value:.4g}"
    return f"{value:.{DECIMALS}f}".rstrip("0") if "e-" in text else text
