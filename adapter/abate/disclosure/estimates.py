"""One estimate as it may be released."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from abate.analysis.counts import NUMERATOR, is_count
from abate.analysis.model import WITHHELD_N, Estimate
from abate.disclosure.cells import Mention
from abate.disclosure.citations import DIGIT
from abate.disclosure.rule import Rule
from abate.disclosure.suppression import Hidden

NO_UNITS = "the analysis does not give the units that it was computed from"
ROUNDED = "interval and p withheld: counts are rounded"
# A quartile with fewer units than the minimum beyond it is close to the value of one unit.
QUARTERS = 4
QUARTILES = "the quartiles are withheld: too few units are beyond each"
RANGE = "the range is withheld: its ends are single units' values"
# Statistics that stay exact if counts are rounded: of scores and of times, not of counts. Not a
# mean: the mean of whole numbers discloses n.
OF_VALUES = frozenset({"median", "difference", "duration"})


def estimate(given: Estimate, mention: Mention, hidden: Hidden, rule: Rule) -> Estimate:
    """Return an estimate complete, in part, or withheld."""
    n = WITHHELD_N if mention.n in hidden.cells else rule.round(given.n)
    is_hidden = mention.row in hidden.rows or not hidden.cells.isdisjoint(mention.cells)
    if given.individual or is_hidden:
        return withheld(given, n, rule)
    note = "" if DIGIT.search(given.note) else given.note
    shown = _without_ends(replace(given, n=n, note=note, cases=()), given.n, rule)
    return shown if rule.rounding == 1 else _round(shown, rule)


def without_units(given: Estimate) -> Estimate:
    """Withhold an estimate without units: what it would disclose beside others is unknown."""
    return replace(
        given, n=WITHHELD_N, value=None, interval=None, p=None, note="", counts={}, cases=(),
        withheld=NO_UNITS,
    )  # fmt: skip


def with_dependents(estimates: Sequence[Estimate], rule: Rule) -> list[Estimate]:
    """Withhold the estimates of one result that were computed from a withheld one."""
    lost = {item.name for item in estimates if item.withheld}
    while True:
        more = {item.name for item in estimates if not lost.isdisjoint(item.depends_on)} - lost
        if not more:
            return [
                withheld(item, item.n, rule) if item.name in lost and not item.withheld else item
                for item in estimates
            ]
        lost |= more


def withheld(given: Estimate, n: int, rule: Rule) -> Estimate:
    """Return an estimate without its numbers, except an n that may be seen."""
    return replace(without_units(given), n=n, withheld=rule.words)


def _without_ends(given: Estimate, n: int, rule: Rule) -> Estimate:
    """Remove the ends of an interval that are the values of single units, or close to them."""
    kind = given.interval.kind if given.interval else ""
    if kind.startswith("range"):
        return _note(replace(given, interval=None), RANGE)
    if kind.startswith("quartiles") and n < QUARTERS * rule.minimum:
        return _note(replace(given, interval=None), QUARTILES)
    return given


def _round(given: Estimate, rule: Rule) -> Estimate:
    counts = {name: rule.round(count) for name, count in given.counts.items()}
    of_values = given.interval and given.interval.kind.startswith("quartiles")
    kept = given.interval if of_values else None
    lost = given.p is not None or kept is not given.interval
    value = _value(given, counts, rule)
    shown = replace(given, value=value, interval=kept, p=None, counts=counts)
    if value is None and given.value is not None:
        return withheld(given, given.n, rule)
    return _note(shown, ROUNDED) if lost else shown


def _value(given: Estimate, counts: Mapping[str, int], rule: Rule) -> float | None:
    """Return the value from rounded counts; None if it cannot be computed from them."""
    if is_count(given) and given.value is not None:
        return rule.round(int(given.value))
    if given.statistic == "proportion":
        return counts[NUMERATOR] / given.n if given.n and NUMERATOR in counts else None
    return given.value if given.statistic in OF_VALUES else None


def _note(given: Estimate, words: str) -> Estimate:
    return replace(given, note=f"{given.note}; {words}" if given.note else words)
