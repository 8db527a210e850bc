"""Intervals of a proportion: Clopper-Pearson, which is exact, and Wilson's, which is shorter."""

from math import sqrt

from abate import Interval

CLOPPER_PEARSON = "95 % confidence, Clopper-Pearson"
WILSON = "95 % confidence, Wilson"
_TAIL = 0.025


def clopper_pearson(numerator: int, n: int) -> Interval | None:
    """Return the interval of R's `binom.test`: quantiles of beta distributions; None for n = 0."""
    if not n:
        return None
    from scipy.special import betaincinv

    rest = n - numerator
    low = betaincinv(numerator, rest + 1, _TAIL) if numerator else 0.0
    high = betaincinv(numerator + 1, rest, 1 - _TAIL) if rest else 1.0
    return Interval(low=float(low), high=float(high), kind=CLOPPER_PEARSON)


def wilson(numerator: int, n: int) -> Interval | None:
    """Return the interval of R's `prop.test(correct = FALSE)` (Wilson 1927); None for n = 0."""
    if not n:
        return None
    from scipy.special import ndtri

    share, z = numerator / n, float(ndtri(1 - _TAIL))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = centre - half if numerator else 0.0
    high = centre + half if numerator < n else 1.0
    return Interval(low=low, high=high, kind=WILSON)
