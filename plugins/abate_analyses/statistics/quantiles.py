"""Medians and quartiles, in one definition."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from abate import Interval


def quartiles(values: Sequence[float] | npt.ArrayLike) -> tuple[float, float, float]:
    """Return first quartile, median and third quartile: R's `quantile`, type 7."""
    first, median, third = np.quantile(np.asarray(values), [0.25, 0.5, 0.75], method="linear")
    return float(first), float(median), float(third)


def spread(values: Sequence[float] | npt.ArrayLike) -> tuple[float, Interval]:
    """Return the median of at least one value, and its quartiles."""
    first, median, third = quartiles(values)
    return median, Interval(low=first, high=third, kind="quartiles")
