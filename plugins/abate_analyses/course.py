"""The course of pain: n, median and quartiles at each visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from abate import Cohort, Estimate, Interval, Result, Table
from abate_analyses.quantiles import quartiles

METHOD = "median of observed scores, with quartiles (R type 7); nothing imputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PainCourse:
    """n, median and quartiles of the pain score (0 to 10) at each visit, observed cases.

    A visit's lesions differ from the next one's: read each median with its n. Not a test of
    change; for that, see `paired-change`.
    """

    name: ClassVar[str] = "pain-course"

    def run(self, cohort: Cohort) -> Result:
        """Describe each visit of the study, also those without a score."""
        by_visit = cohort.by_visit()
        estimates = [_median(visit, values, by_visit.population) for visit, values in by_visit]
        rows = [_row(visit, values) for visit, values in by_visit]
        table = Table(
            name="course",
            title="Pain score by visit",
            columns=("visit", "n", "first quartile", "median", "third quartile"),
            rows=rows,
        )
        return Result(estimates=estimates, tables=[table])


def _median(visit: str, values: Sequence[float], population: str) -> Estimate:
    label = f"median pain score at {visit}"
    if not values:
        return Estimate(
            name=f"median-{visit}", label=label, value=None, n=0, unit="{score}",
            method=METHOD, population=population, note="no analysed lesion was scored then",
        )  # fmt: skip
    first, median, third = quartiles(values)
    return Estimate(
        name=f"median-{visit}",
        label=label,
        value=median,
        n=len(values),
        unit="{score}",
        interval=Interval(low=first, high=third, kind="quartiles"),
        method=METHOD,
        population=population,
    )


def _row(visit: str, values: Sequence[float]) -> tuple[str | int | float | None, ...]:
    if not values:
        return visit, 0, None, None, None
    return visit, len(values), *quartiles(values)
