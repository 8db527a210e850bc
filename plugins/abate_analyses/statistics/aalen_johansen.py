"""Cumulative incidence with a competing event, and its variance, in NumPy.

The estimator is that of Aalen and Johansen (Scand J Stat 1978; 5: 141-150), tested against
`survival::mgus2`. Ties need no jitter: all units that are still followed at a time are at risk,
also those censored at that time.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt

CENSORED, EVENT, COMPETING = 0, 1, 2
_NORMAL_975 = 1.959963984540054
_WIDEST = 700.0  # Beyond it exp overflows; the interval is from 0 to 1 long before.

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Step functions of time, which change at `times`.

    Attributes:
        times: each distinct time at which something happened or someone was censored, ascending.
        at_risk: units followed up to each time.
        events: events at each time.
        competing: competing events at each time.
        survival: the probability of neither event by each time (Kaplan-Meier of both).
        incidence: the probability of the event by each time.
        variance: of `incidence`.
    """

    times: Ints
    at_risk: Ints
    events: Ints
    competing: Ints
    survival: Floats
    incidence: Floats
    variance: Floats

    def place(self, time: float) -> int:
        """Return the last step at or before `time`; -1 before the first."""
        return int(np.searchsorted(self.times, time, side="right")) - 1

    def read(self, time: float) -> tuple[float, float]:
        """Return the incidence by `time`, and its variance."""
        place = self.place(time)
        if place < 0:
            return 0.0, 0.0
        return float(self.incidence[place]), float(self.variance[place])

    def count_at_risk(self, time: float) -> int:
        """Return the number of units at risk just before `time`."""
        place = int(np.searchsorted(self.times, time, side="left"))
        return int(self.at_risk[place]) if place < len(self.times) else 0

    def median(self) -> int | None:
        """Return the first time with an incidence of at least a half; None if there is none."""
        reached = np.flatnonzero(self.incidence >= 0.5 - 1e-12)
        return int(self.times[reached[0]]) if len(reached) else None


def cumulative_incidence(times: npt.ArrayLike, causes: npt.ArrayLike) -> Curve:
    """Return the curve of the `EVENT`, with death or another event as `COMPETING`.

    Args:
        times: the time of each unit, in whole days from 0.
        causes: what ended each unit's time: `EVENT`, `COMPETING` or `CENSORED`.
    """
    days, kinds = np.asarray(times, dtype=np.int64), np.asarray(causes, dtype=np.int64)
    steps, place = np.unique(days, return_inverse=True)
    left = np.bincount(place, minlength=len(steps))
    at_risk = len(days) - np.concatenate(([0], np.cumsum(left)[:-1])) if len(steps) else left
    events = np.bincount(place, weights=kinds == EVENT, minlength=len(steps)).astype(np.int64)
    rivals = np.bincount(place, weights=kinds == COMPETING, minlength=len(steps)).astype(np.int64)
    survival = np.cumprod(1 - (events + rivals) / at_risk)
    before = np.concatenate(([1.0], survival[:-1])) if len(steps) else survival
    incidence = np.cumsum(before * events / at_risk)
    return Curve(
        times=steps,
        at_risk=at_risk,
        events=events,
        competing=rivals,
        survival=survival,
        incidence=incidence,
        variance=_variance(at_risk, events, events + rivals, before, incidence),
    )


def kaplan_meier(times: npt.ArrayLike, causes: npt.ArrayLike) -> Curve:
    """Return the curve of the `EVENT` with all else censored: 1 less Kaplan-Meier."""
    kinds = np.asarray(causes, dtype=np.int64)
    return cumulative_incidence(times, np.where(kinds == EVENT, EVENT, CENSORED))


def _variance(at_risk: Ints, events: Ints, both: Ints, before: Floats, incidence: Floats) -> Floats:
    """Return the variance by the delta method (Marubini and Valsecchi 1995).

    Without competing events it is Greenwood's.

    The sum over the steps j up to t of
        (F(t) - F(j))^2 d(j) / (n(j) (n(j) - d(j)))
        + S(j-1)^2 e(j) (n(j) - e(j)) / n(j)^3
        - 2 (F(t) - F(j)) S(j-1) e(j) / n(j)^2
    with e events of d of either kind among n, is opened so that running sums give it at every t.
    """
    spare = np.where(at_risk > both, at_risk - both, 1)
    # After a step that leaves nobody at risk, F is constant: its term is 0 at every later t.
    first = np.where(at_risk > both, both / (at_risk * spare), 0.0)
    second = before**2 * events * (at_risk - events) / at_risk.astype(float) ** 3
    third = before * events / at_risk.astype(float) ** 2
    total: Floats = (
        incidence**2 * np.cumsum(first)
        - 2 * incidence * np.cumsum(first * incidence)
        + np.cumsum(first * incidence**2)
        + np.cumsum(second)
        - 2 * incidence * np.cumsum(third)
        + 2 * np.cumsum(third * incidence)
    )
    return total.clip(min=0.0)


def log_log_interval(probability: float, variance: float) -> tuple[float, float] | None:
    """Return the 95 % interval on the scale log(-log(p)); None at 0 and 1, or without variance."""
    if not 0 < probability < 1 or variance <= 0:
        return None
    reach = min(_NORMAL_975 * sqrt(variance) / (probability * -log(probability)), _WIDEST)
    return exp(log(probability) * exp(reach)), exp(log(probability) * exp(-reach))
