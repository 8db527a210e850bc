"""The sign-flip test: how rare is a sum as far from zero as this one, if each sign is random?

The exact distribution is that of all 2^n sign flips. They are counted without listing them: whole
numbers have few different sums (the shift algorithm of Streitberg and Röhmel 1986).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 300
_LISTED_UP_TO = 16
_SUMS_UP_TO = 2_000_000

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flipped:
    """A two-sided p-value, and whether it is exact."""

    p: float
    exact: bool


def flip_test(weights: Whole, *, correction: int = 0, exact_up_to: int = EXACT_UP_TO) -> Flipped:
    """Test the sum of `weights` against the sums of all flips of their signs.

    Args:
        weights: signed whole numbers, one for each unit that is flipped as a whole.
        correction: the continuity correction of the normal approximation.
        exact_up_to: for more units the normal approximation is used.
    """
    sizes, total = np.abs(weights), int(weights.sum())
    if not sizes.any() or not total:
        return Flipped(p=1.0, exact=True)
    divisor = int(np.gcd.reduce(sizes))
    sizes, reached = sizes // divisor, abs(total) // divisor
    if sizes.size <= exact_up_to and sizes.sum() <= _SUMS_UP_TO:
        return Flipped(p=_count(sizes, reached), exact=True)
    if sizes.size <= min(_LISTED_UP_TO, exact_up_to):
        return Flipped(p=_list(sizes, reached), exact=True)
    return Flipped(p=_approximate(sizes, reached - correction / divisor), exact=False)


def _count(sizes: Whole, reached: int) -> float:
    """Return the probability that the absolute sum is `reached` or more, from the exact counts."""
    whole = int(sizes.sum())
    chances = np.zeros(whole + 1)
    chances[0] = 1.0
    for size in sizes[sizes > 0]:
        turned = chances * 0.5
        turned[size:] += chances[:-size] * 0.5
        chances = turned
    return min(1.0, 2 * float(chances[: (whole - reached) // 2 + 1].sum()))


def _list(sizes: Whole, reached: int) -> float:
    """Return the same by listing all flips: for few units with incommensurable weights."""
    sums = np.zeros(1, dtype=np.int64)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return float(np.mean(np.abs(sums) >= reached))


def _approximate(sizes: Whole, reached: float) -> float:
    """Return the normal approximation: the variance is the sum of the squares, also with ties."""
    from scipy.special import ndtr

    deviation = sqrt(float(np.square(sizes.astype(np.float64)).sum()))
    return min(1.0, 2 * float(ndtr(-max(0.0, reached) / deviation)))
