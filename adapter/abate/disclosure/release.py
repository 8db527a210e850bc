"""A run's results without the hidden cells, and without anything that could name a single unit."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from abate.analysis.model import Estimate, Measured, Result
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results, Step
from abate.disclosure import citations, estimates
from abate.disclosure.cells import CellSheet
from abate.disclosure.rule import Rule
from abate.disclosure.suppression import Hidden

FAILED = "the analysis failed; the local results have the reason"
REASON = "nothing can be estimated; the local results have the reason"
RELEASE = "small cells are hidden"


def without(results: Results, cells: CellSheet, hidden: Hidden, rule: Rule) -> Results:
    """Return the results that others may see."""
    return replace(
        results,
        release=RELEASE,
        rule=rule.name,
        patients=_total(results.patients, cells.totals.get("patient"), hidden.cells, rule),
        lesions=_total(results.lesions, cells.totals.get("lesion"), hidden.cells, rule),
        run_id="",
        data_until="",
        # The last month of the period is the month of a single patient's last score.
        period=(results.period[0][:4], results.period[1][:4]),
        inputs=replace(results.inputs, server="", counts={}),
        attrition=list(_steps(results.attrition, cells, hidden.cells, rule)),
        outcomes=[
            _outcome(outcome, place, cells, hidden, rule)
            for place, outcome in enumerate(results.outcomes)
        ],
        members=None,
        comparisons=(),
        patient_of={},
    )


def _total(number: int | None, cell: int | None, hidden: frozenset[int], rule: Rule) -> int | None:
    return None if number is None or cell in hidden else rule.round(number)


def _steps(
    steps: Sequence[Step], cells: CellSheet, hidden: frozenset[int], rule: Rule
) -> Iterator[Step]:
    for place, cell in cells.steps.items():
        step = steps[place]
        yield replace(step, n=_total(step.n, cell, hidden, rule), units=())


def _outcome(given: Outcome, place: int, cells: CellSheet, hidden: Hidden, rule: Rule) -> Outcome:
    error = (
        FAILED if given.error is not None and citations.DIGIT.search(given.error) else given.error
    )
    if given.result is None:
        return replace(given, error=error)
    alone = [
        estimates.estimate(estimate, mention, hidden, rule)
        if (mention := cells.estimates[place, estimate.name]).may_leave
        else estimates.without_units(estimate)
        for estimate in given.result.estimates
    ]
    left = [
        dependent
        for dependent in estimates.with_dependents(alone, rule)
        if not (dependent.withheld and dependent.from_data)
    ]
    return replace(given, error=error, result=_result(given.result, left))


def _result(whole: Result, estimates: Sequence[Estimate]) -> Result:
    left = replace(
        whole,
        estimates=estimates,
        notes=[note for note in whole.notes if not citations.DIGIT.search(note)],
        reason=REASON if citations.DIGIT.search(whole.reason or "") else whole.reason,
        splits=(),
        units={},
    )
    return replace(
        left,
        tables=[citations.table(table, whole, left) for table in whole.tables],
        measures=list(_measures(whole, {estimate.name for estimate in estimates})),
        charts=[
            citations.chart(chart, whole, left)
            for chart in whole.charts
            if not citations.holds_values(chart.spec)
        ],
    )


def _measures(whole: Result, names: set[str]) -> Iterator[Measured]:
    """Return the measures of the shown estimates, with the shown strata."""
    for measure in whole.measures:
        strata = {
            by: {stratum: name for stratum, name in parts.items() if name in names}
            for by, parts in measure.strata.items()
        }
        if {measure.estimate, measure.initial} <= names:
            yield replace(measure, strata=strata)
