"""The course of pain: the scores at each visit, and the states of lesions without a score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from abate import Cohort, Estimate, Interval, Ref, Result, Table
from abate.cohort.visit_states import DEAD, NOT_DUE, NOT_SCORED, RE_TREATED, SCORED
from abate_analyses.pain_course.carried_forward import carry_forward
from abate_analyses.pain_course.charts import charts, notes
from abate_analyses.pain_course.units import course_units
from abate_analyses.shared import counts
from abate_analyses.shared.counts import LESIONS, Whole
from abate_analyses.shared.key import mark_key
from abate_analyses.shared.units import of_estimates
from abate_analyses.statistics.quantiles import spread

if TYPE_CHECKING:
    from abate.analysis.model import Cell

METHOD = "median of observed scores, with quartiles (R type 7); nothing imputed"
CARRIED = (
    "sensitivity: median of the last score up to the visit, carried forward while alive, followed "
    "and due, with quartiles (R type 7)"
)
NONE = pl.Series("value", dtype=pl.Float64)
STATES = {
    "scored": SCORED,
    "not-scored": NOT_SCORED,
    "dead": DEAD,
    "re-treated": RE_TREATED,
    "not-due": NOT_DUE,
}


def analyse(cohort: Cohort) -> Result:
    """Describe each visit of the study, also visits without a score."""
    if not cohort.analysed.height:
        return Result.not_estimable(f"there are no {LESIONS}")
    states, scores = cohort.visit_states(), cohort.by_visit().frame
    carried = carry_forward(states, scores)
    tallies = _tallies(states)
    whole = counts.lesions(cohort.analysed)
    listed = [
        *_describe_observed(cohort.visits, scores),
        *_describe_carried(list(tallies), _by_visit(carried)),
        *(state for visit in tallies for state in _states(visit, tallies[visit], whole)),
    ]
    estimates = mark_key(listed, *(f"scored-of-due-{visit}" for visit in cohort.visits[:1]))
    return Result(
        estimates=estimates,
        tables=[_scores(cohort.visits), *_states_table(tallies)],
        charts=charts(cohort),
        notes=notes(cohort),
        units=of_estimates(estimates, course_units(cohort, states, carried, STATES)),
    )


def name_scored_at(visit: str) -> str:
    """Return the name of the lesions with a score at a visit, as in `Cohort.at`."""
    return f"{LESIONS} with a {visit} score"


def due_at(visit: str) -> str:
    """Return the name of the variable denominator: lesions that could be scored at a visit."""
    return f"{LESIONS} alive, followed and due at {visit}"


def name_scored_by(visit: str) -> str:
    """Return the name of those with a score at the visit, or an earlier one to carry forward."""
    return f"{due_at(visit)}, with a score by then"


def _describe_observed(visits: Sequence[str], scores: pl.DataFrame) -> Iterator[Estimate]:
    by_visit = _by_visit(scores)
    for visit in visits:
        yield _median(visit, by_visit.get(visit, NONE))
        yield _range(visit, by_visit.get(visit, NONE))


def _by_visit(frame: pl.DataFrame) -> Mapping[str, pl.Series]:
    parts = frame.select("visit", "value").partition_by("visit", as_dict=True)
    return {str(visit): rows["value"] for (visit,), rows in parts.items()}


def _median(visit: str, values: pl.Series) -> Estimate:
    middle, quartiles = spread(values.to_numpy()) if len(values) else (None, None)
    return Estimate(
        name=f"median-{visit}",
        label=f"median pain score at {visit}",
        value=middle,
        n=len(values),
        unit="{score}",
        interval=quartiles,
        method=METHOD,
        population=name_scored_at(visit),
        note="" if len(values) else "no analysed lesion was scored then",
        statistic="median",
    )


def _range(visit: str, values: pl.Series) -> Estimate:
    """Return the range, marked as such, because its ends are scores of single lesions."""
    low, high, ends = values.min(), values.max(), None
    if isinstance(low, float) and isinstance(high, float):
        ends = Interval(low=low, high=high, kind="range")
    return Estimate(
        name=f"range-{visit}",
        label=f"range of the pain score at {visit}",
        value=None if ends is None else ends.high - ends.low,
        n=len(values),
        unit="{score}",
        interval=ends,
        method="highest less lowest of observed scores",
        population=name_scored_at(visit),
        note="" if len(values) else "no analysed lesion was scored then",
        individual=True,
    )


def _describe_carried(
    visits: Sequence[str], by_visit: Mapping[str, pl.Series]
) -> Iterator[Estimate]:
    for visit in visits:
        values = by_visit.get(visit, NONE)
        observed = _median(visit, values)
        yield replace(
            observed,
            name=f"median-locf-{visit}",
            label=f"{observed.label}, last observation carried forward",
            method=CARRIED,
            population=name_scored_by(visit),
            note="" if len(values) else "no such lesion has a score to carry forward",
            depends_on=[f"scored-{visit}"],
        )


def _tallies(states: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Count the lesions in each state at each visit; `re-treated` only if there is any."""
    rows = states.group_by("visit", "state", maintain_order=True).len().rows()
    seen = {state for _, state, _ in rows}
    kept = {name: state for name, state in STATES.items() if state in seen or state != RE_TREATED}
    tallies = {(visit, state): number for visit, state, number in rows}
    visits = dict.fromkeys(visit for visit, _, _ in rows)
    return {
        visit: {name: tallies.get((visit, state), 0) for name, state in kept.items()}
        for visit in visits
    }


def _states(visit: str, tally: Mapping[str, int], whole: Whole) -> Iterator[Estimate]:
    for name, number in tally.items():
        yield counts.count(f"{name}-{visit}", number, whole, f"lesions {STATES[name]} at {visit}")
    due = Whole(n=tally["scored"] + tally["not-scored"], population=due_at(visit))
    yield counts.share(
        f"scored-of-due-{visit}",
        tally["scored"],
        due,
        f"share scored at {visit} of the lesions alive, followed and due",
    )


def _scores(visits: Sequence[str]) -> Table:
    return Table(
        name="course",
        title="Pain score by visit",
        columns=(
            "visit", "n", "first quartile", "median", "third quartile", "lowest", "highest",
        ),
        rows=[
            (
                visit,
                Ref(f"median-{visit}", "n"),
                Ref(f"median-{visit}", "low"),
                Ref(f"median-{visit}"),
                Ref(f"median-{visit}", "high"),
                Ref(f"range-{visit}", "low"),
                Ref(f"range-{visit}", "high"),
            )
            for visit in visits
        ],
    )  # fmt: skip


def _states_table(tallies: Mapping[str, Mapping[str, int]]) -> list[Table]:
    if not tallies:
        return []
    names = list(next(iter(tallies.values())))
    rows: list[tuple[Cell, ...]] = [
        (
            visit,
            *(Ref(f"{name}-{visit}") for name in names),
            Ref(f"scored-{visit}", "n"),
            Ref(f"scored-of-due-{visit}", "n"),
            Ref(f"median-locf-{visit}"),
            Ref(f"median-locf-{visit}", "n"),
        )
        for visit in tallies
    ]
    return [
        Table(
            name="states",
            title="What became of the analysed lesions by visit",
            columns=(
                "visit", *(STATES[name] for name in names), "analysed",
                "alive, followed and due", "median, last observation carried forward", "its n",
            ),
            rows=rows,
        )
    ]  # fmt: skip
