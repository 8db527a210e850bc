"""Numbers for people, with the exact ones beside them for programs."""

from dataclasses import dataclass
from math import isfinite

from abate.analysis.model import Estimate, number_of
from abate.analysis.results import Results
from abate.report.rounding import round_number, round_p, short

WITHHELD = "withheld"
NOT_ESTIMABLE = "not estimable"
MINUS, THIN = "\u2212", "\u202f"
_UNITS = {
    "a": "years",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "{score}": "points",
    "{patient}": "patients",
    "{lesion}": "lesions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCell:
    """A cell of the page: its text, and for a number the published number and its name.

    `of` names a number of the results as the file of a paper's figures does: `ANALYSIS/ESTIMATE`
    for a value, and with `#p`, `#n`, `#low`, `#high` or `#count:NAME` for another number.
    """

    text: str
    exact: str = ""
    of: str = ""


def withheld_by_source(results: Results) -> str:
    """Return the sentence that the server withholds rows; empty if it does not."""
    codes = ", ".join(results.inputs.withheld)
    return (
        f"The source server withholds rows ({codes}): they are not in the results." if codes else ""
    )


def number(value: float) -> str:
    """Return a number for people: up to four significant digits of the published number."""
    value = round_number(value)
    if value == int(value) or abs(value) >= 10_000:
        text = f"{round(value):,}".replace(",", THIN)
    else:
        text = short(value)
    return text.replace("-", MINUS)


def exact(value: float) -> str:
    """Return a number for programs: the published one, as JSON writes it."""
    return repr(round_number(value))


def p_value(p: float) -> str:
    """Return a p-value with three decimals, or four if three would round it to 0.05."""
    if p < 0.001:
        return "< 0.001"
    short = f"{p:.3f}"
    if float(short) == 0.05 != p:
        short = f"{p:.4f}"
    return "1" if float(short) == 1 else short


def percent(share: float) -> str:
    """Return a share of 1 as a percentage."""
    return f"{100 * share:.1f}".removesuffix(".0").replace("-", MINUS) + f"{THIN}%"


def unit(estimate: Estimate) -> str:
    """Return the unit of an estimate in words; empty if it needs none."""
    return "" if estimate.unit == "1" else _UNITS.get(estimate.unit, estimate.unit.strip("{}"))


def shown(analysis: str, estimate: Estimate, field: str = "value") -> PageCell:
    """Return one number of an estimate as a cell."""
    number = number_of(estimate, field)
    if number is None:
        return PageCell(text=_absent(estimate, field))
    of = f"{analysis}/{estimate.name}" + ("" if field == "value" else f"#{field}")
    published = round_p(number) if field == "p" else number
    return PageCell(text=_text(estimate, field, number), exact=exact(published), of=of)


def _absent(estimate: Estimate, field: str) -> str:
    if estimate.withheld:
        return WITHHELD
    if field != "value":
        return ""
    return NOT_ESTIMABLE if estimate.p is None else ""


def _text(estimate: Estimate, field: str, value: float) -> str:
    if not isfinite(value):
        return str(value)
    if field == "p":
        return p_value(value)
    if field not in ("value", "low", "high"):
        return number(value)
    if estimate.unit == "%":
        return percent(value / 100).removesuffix(f"{THIN}%")
    is_share = estimate.unit == "1" and estimate.statistic in _SHARES
    return percent(value) if is_share else number(value)


_SHARES = ("proportion", "cumulative-incidence")
