"""The changes of paired scores: falls, rises and ties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abate import Estimate, Interval
from abate_analyses.statistics.exact_integers import billionths
from abate_analyses.statistics.quantiles import quartiles

# The suffix of the name of a population.
UNTIED = ", whose two scores differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """The number of changes below zero, above zero, and of zero."""

    falls: int
    rises: int
    ties: int

    @property
    def untied(self) -> int:
        """The number of falls and rises."""
        return self.falls + self.rises

    def by_name(self) -> dict[str, int]:
        """Return them for the counts of an estimate."""
        return {"falls": self.falls, "rises": self.rises, "ties": self.ties}


def directions(changes: Sequence[float]) -> Directions:
    """Count the directions of changes: a fall of pain is negative."""
    signs = np.sign(billionths(changes))
    return Directions(
        falls=int((signs < 0).sum()), rises=int((signs > 0).sum()), ties=int((signs == 0).sum())
    )


def median_of(name: str, values: Sequence[float], population: str, label: str = "") -> Estimate:
    """Return a median with quartiles; None without a value."""
    first, median, third = quartiles(values) if values else (0.0, None, 0.0)
    spread = None if median is None else Interval(low=first, high=third, kind="quartiles")
    return Estimate(
        name=name,
        label=label or name.replace("-", " "),
        value=median,
        n=len(values),
        unit="{score}",
        interval=spread,
        method="median, with quartiles (R type 7)",
        population=population,
        statistic="median",
        note="" if values else "there are none",
    )
