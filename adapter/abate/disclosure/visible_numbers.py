"""Every number in a release, with the cell that it discloses; no number may be forgotten.

It walks the plain form of the results, so that an unknown new field with a number refuses the
release.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from abate.analysis.counts import NUMERATOR, counts_of, is_count
from abate.analysis.model import WITHHELD_N, Estimate, Result
from abate.analysis.results import Results, plain
from abate.disclosure import citations
from abate.disclosure.cells import CellSheet, Mention
from abate.disclosure.estimates import OF_VALUES
from abate.disclosure.rule import Rule
from abate.errors import PublishRefused

# Numbers that are not counts of units, or that are checked one by one below.
_EXPECTED = re.compile(
    r"format|patients|lesions|attrition/\d+/n|design/.*|outcomes/\d+/parameters/.*"
    r"|outcomes/\d+/result/estimates/\d+/(value|n|p|interval/(low|high)|counts/.*)"
    r"|outcomes/\d+/result/charts/\d+/(spec|data)/.*"
)


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees: the cells with a shown number, and the data with a shown value."""

    cells: set[int] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)


def find_visible(whole: Results, shown: Results, cells: CellSheet, rule: Rule) -> Visible:
    """Return what a reader of released results sees.

    Raises:
        PublishRefused: the rule forbids something that is shown; names it, and no number.
    """
    _refuse_unexpected(shown)
    known = Visible()
    look = _Look(cells, rule, known)
    for basis, total, number in (
        ("patient", whole.patients, shown.patients),
        ("lesion", whole.lesions, shown.lesions),
    ):
        if number is not None:
            look.at(cells.totals[basis], total, number)
    _look_at_steps(look, whole, shown)
    for place, (full, left) in enumerate(zip(whole.outcomes, shown.outcomes, strict=True)):
        if left.result is not None and full.result is not None:
            lost = _lost(full.result, left.result)
            for estimate in left.result.estimates:
                mention = cells.estimates[place, estimate.name]
                if not mention.may_leave and not is_without_numbers(estimate):
                    raise refusal(
                        f"the estimate {estimate.name!r} is shown, but its units are unknown"
                    )
                look.at_estimate(full.result[estimate.name], estimate, mention)
                if not estimate.withheld and not lost.isdisjoint(estimate.depends_on):
                    raise refusal(f"the estimate {estimate.name!r} is shown without its counts")
            _refuse_inconsistent(full.result, left.result)
    return known


def _lost(whole: Result, shown: Result) -> set[str]:
    """Return the estimates that are withheld or removed."""
    names = {estimate.name for estimate in shown.estimates if not estimate.withheld}
    return {estimate.name for estimate in whole.estimates} - names


def refusal(what: str) -> PublishRefused:
    """Return the error that refuses a release."""
    return PublishRefused(
        f"small cells: {what}. Nothing is published. This is a fault of abate or of a plugin: "
        "please report it, without numbers."
    )


class _Look:
    def __init__(self, cells: CellSheet, rule: Rule, known: Visible) -> None:
        self.cells, self.rule, self.known = cells, rule, known
        self.sizes = [len(cell.ids) for cell in cells.cells]

    def at(self, cell: int, true: int | None, number: float) -> None:
        """Note that a number is shown for a cell."""
        if true is None or number != self.rule.round(true):
            raise refusal(f"a wrong number is shown for {self.cells.names[cell]}")
        self.tell(cell)

    def tell(self, cell: int) -> None:
        """Note that the number of a cell is shown."""
        if self.rule.hides(self.sizes[cell]):
            raise refusal(f"the number of {self.cells.names[cell]} is shown")
        self.known.cells.add(cell)

    def at_estimate(self, whole: Estimate, shown: Estimate, mention: Mention) -> None:
        """Note the n and the counts that an estimate's numbers disclose."""
        n = shown.visible_n
        if n is not None:
            self.at(mention.n, whole.n, n)
        if is_without_numbers(replace(shown, n=WITHHELD_N)):
            return
        self.known.rows.add(mention.row)
        _refuse_single(shown)
        if n is None:
            raise refusal(f"the estimate {shown.name!r} is shown without its n")
        for name, cell in mention.counts.items():
            if 0 < whole.n - self.sizes[cell] < self.rule.minimum:
                raise refusal(f"all but a few of the estimate {shown.name!r} are shown as {name!r}")
            self.tell(cell)
        if not self._is_right(whole, shown):
            raise refusal(f"the estimate {shown.name!r} tells more than rounded counts")

    def _is_right(self, whole: Estimate, shown: Estimate) -> bool:
        counts = {name: self.rule.round(count) for name, count in whole.counts.items()}
        if dict(shown.counts) != counts:
            return False
        if self.rule.rounding == 1 or shown.statistic in OF_VALUES:
            return self.rule.rounding == 1 or shown.p is None
        if shown.p is not None or shown.interval is not None:
            return False
        return shown.value == self._round_value(whole, shown)

    def _round_value(self, whole: Estimate, shown: Estimate) -> float | None:
        if is_count(whole):
            return self.rule.round(counts_of(whole)[whole.name])
        if whole.statistic == "proportion" and shown.n and whole.value is not None:
            return self.rule.round(whole.counts[NUMERATOR]) / shown.n
        return None


def _look_at_steps(look: _Look, whole: Results, shown: Results) -> None:
    cells = {
        (step.stage, step.reason, step.unit): (look.cells.steps.get(place), step.n)
        for place, step in enumerate(whole.attrition)
    }
    for step in shown.attrition:
        cell, true = cells.get((step.stage, step.reason, step.unit), (None, None))
        if cell is None:
            raise refusal(f"the attrition table shows {step.stage!r}")
        if step.n is not None:
            look.at(cell, true, step.n)


def is_without_numbers(shown: Estimate) -> bool:
    """Whether an estimate shows no number."""
    numbers = [shown.visible_n, shown.value, shown.p, shown.interval, *shown.counts]
    return all(number is None for number in numbers)


def _refuse_single(shown: Estimate) -> None:
    if shown.individual:
        raise refusal(f"the estimate {shown.name!r} is a single unit's value")
    if shown.interval is not None and shown.interval.kind.startswith("range"):
        raise refusal(f"the ends of the range of {shown.name!r} are single units' values")


def _refuse_unexpected(shown: Results) -> None:
    if shown.members is not None:
        raise refusal("the members are listed")
    for path in _numbers(plain(shown), ()):
        if not _EXPECTED.fullmatch("/".join(path)):
            raise refusal(f"there is no rule for the number at {'/'.join(path)}")
    for outcome in shown.outcomes:
        result = outcome.result or Result()
        if any(citations.DIGIT.search(text) for text in _texts(outcome.error, result)):
            raise refusal(f"a note of {outcome.name!r} holds a number")
        if any(estimate.cases for estimate in result.estimates):
            raise refusal(f"an estimate of {outcome.name!r} names single units")


def _texts(error: str | None, result: Result) -> Iterator[str]:
    yield from (error or "", result.reason or "", *result.notes)
    yield from (estimate.note for estimate in result.estimates)
    yield from (chart.alt for chart in result.charts if chart.alt != chart.title)


def _numbers(given: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(given, Mapping):
        for name, value in given.items():
            yield from _numbers(value, (*path, str(name)))
    elif isinstance(given, list | tuple):
        for number, value in enumerate(given):
            yield from _numbers(value, (*path, str(number)))
    elif isinstance(given, int | float) and not isinstance(given, bool):
        yield path


def _refuse_inconsistent(whole: Result, shown: Result) -> None:
    """Refuse rows of tables and charts that cite no estimate."""
    for table in shown.tables:
        for row in table.rows:
            if any(citations.is_number(cell) for cell in row) or not citations.stands(
                row, whole, shown
            ):
                raise refusal(f"a row of the table {table.name!r} cites nothing that is shown")
    for chart in shown.charts:
        rows = [row for rows in chart.data.values() for row in rows]
        if citations.holds_values(chart.spec):
            raise refusal(f"the chart {chart.name!r} holds numbers of its own")
        if not all(citations.drawn(list(row.values()), whole, shown) for row in rows):
            raise refusal(f"a row of the chart {chart.name!r} cites nothing that is shown")
