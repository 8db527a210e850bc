"""The one rule by which numbers are rounded before they are published, and on the page.

Six decimals: some servers keep no more, and what is read back must be what was written. A tie goes
to the even digit. `results.json` and the CSV files hold all digits.
"""

DECIMALS = 6
SMALLEST = 0.000001


def rounded(value: float) -> float:
    """The number with six decimals at most; an integer where it is one."""
    short = round(float(value), DECIMALS)
    return int(short) if short.is_integer() else short


def rounded_p(p: float) -> float:
    """A p-value with six decimals at most, and never 0: one that is smaller is `SMALLEST`."""
    return max(SMALLEST, rounded(p))


def is_below(p: float) -> bool:
    """Whether a p-value is too small for six decimals: less than what is written."""
    return p < SMALLEST


def short(value: float) -> str:
    """Up to four digits that count of a rounded number; no exponent where it is small."""
    text = f"{value:.4g}"
    return f"{value:.{DECIMALS}f}".rstrip("0") if "e-" in text else text
