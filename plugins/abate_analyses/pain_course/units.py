"""The units of the estimates of the course of pain."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from abate import Cohort, Units
from abate.cohort.data import units_of
from abate.cohort.visit_states import NOT_SCORED, SCORED
from abate_analyses.shared.units import STATE, by_value


def course_units(
    cohort: Cohort, states: pl.DataFrame, carried: pl.DataFrame, names: Mapping[str, str]
) -> dict[str, Units]:
    """Return the units of each estimate, by its name.

    Args:
        cohort: the cohort.
        states: of each analysed lesion at each visit.
        carried: the score that is carried to each visit: lesion_id, visit, datum.
        names: the estimates' name of each state.
    """
    scores = cohort.by_visit()
    units: dict[str, Units] = {}
    # Who was scored by a visit is known; who of them is alive and due then is not.
    scored_by: dict[str, str] = {}
    for visit in cohort.visits:
        units |= dict.fromkeys((f"median-{visit}", f"range-{visit}"), scores.units(visit))
        scored_by |= dict.fromkeys(scores.units(visit).data, STATE)
        at_visit = units_of(carried.filter(pl.col("visit") == visit), "lesion_id", "datum")
        units[f"median-locf-{visit}"] = replace(at_visit, among={**scored_by})
        units |= dict(_states(visit, states.filter(pl.col("visit") == visit), names))
    return units


def _states(
    visit: str, states: pl.DataFrame, names: Mapping[str, str]
) -> Iterator[tuple[str, Units]]:
    # One question for all visits: who is dead at one of them is dead at the next, so that two
    # counts of the dead are a difference.
    of_all = Units.of(states["lesion_id"], STATE)
    counted = by_value(states, "lesion_id", "state")
    for name, state in names.items():
        yield f"{name}-{visit}", of_all.counting({f"{name}-{visit}": counted.get(state, ())})
    scored, missed = counted.get(SCORED, []), counted.get(NOT_SCORED, [])
    due = of_all.where([*scored, *missed])
    yield f"scored-of-due-{visit}", due.counting({"numerator": scored})
