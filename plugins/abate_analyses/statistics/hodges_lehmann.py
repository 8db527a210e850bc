"""The Hodges-Lehmann estimate: the median of all Walsh averages, with its interval.

A Walsh average is the mean of two changes, or of one with itself. The n (n + 1) / 2 averages are
not computed, but counted below a value, so that 100,000 changes need little memory.
"""

from dataclasses import dataclass
from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from abate_analyses.statistics.exact_integers import POINT, Billionths

EXACT_UP_TO = 300
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceLimits:
    """The place of an interval's ends among the Walsh averages, from both ends, and its level."""

    place: int
    level: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HodgesLehmann:
    """The estimate in points; `limits` is None if there are too few changes for 95 %."""

    value: float
    low: float
    high: float
    limits: ConfidenceLimits | None


def hodges_lehmann(changes: Billionths) -> HodgesLehmann:
    """Return the estimate and its interval, of at least one change."""
    ordered = np.sort(changes)
    number = _walsh_averages(ordered.size)
    middle = (walsh(ordered, (number + 1) // 2) + walsh(ordered, number // 2 + 1)) / 2
    limits = limits_of(ordered.size)
    place = limits.place if limits else 1
    return HodgesLehmann(
        value=middle,
        low=walsh(ordered, place),
        high=walsh(ordered, number + 1 - place),
        limits=limits,
    )


def walsh(ordered: Billionths, place: int) -> float:
    """Return the Walsh average at this place (from 1) of changes in ascending order."""
    low, high = 2 * int(ordered[0]), 2 * int(ordered[-1])
    while low < high:
        middle = (low + high) // 2
        if _at_most(ordered, middle) >= place:
            high = middle
        else:
            low = middle + 1
    return low / (2 * POINT)


def _at_most(ordered: Billionths, twice: int) -> int:
    """Return the number of Walsh averages that are at most half of `twice`."""
    partners = np.searchsorted(ordered, twice - ordered, side="right")
    return int(np.maximum(partners - np.arange(ordered.size), 0).sum())


def limits_of(n: int) -> ConfidenceLimits | None:
    """Return the place of the shortest interval of at least 95 %, as R's `qsignrank(0.025, n)`.

    It is exact for changes without ties; with ties the interval has at least its level.
    """
    if n > EXACT_UP_TO:
        return _approximate_limits(n)
    below = np.cumsum(_break_ties(n))
    place = int(np.searchsorted(below, (1 - _LEVEL) / 2, side="left"))
    if not place:
        return None
    return ConfidenceLimits(place=place, level=1 - 2 * float(below[place - 1]), exact=True)


def _approximate_limits(n: int) -> ConfidenceLimits:
    from scipy.special import ndtri

    deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24)
    quantile = float(ndtri((1 + _LEVEL) / 2))
    place = floor(_walsh_averages(n) / 2 - quantile * deviation)
    return ConfidenceLimits(place=place, level=_LEVEL, exact=False)


def _break_ties(n: int) -> NDArray[np.float64]:
    """Return the probability of each sum of ranks 1 to n, each included with probability 1/2."""
    chances = np.zeros(_walsh_averages(n) + 1)
    chances[0] = 1.0
    for rank in range(1, n + 1):
        tossed = chances * 0.5
        tossed[rank:] += chances[:-rank] * 0.5
        chances = tossed
    return chances


def _walsh_averages(n: int) -> int:
    return n * (n + 1) // 2
