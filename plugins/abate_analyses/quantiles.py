"""Medians and quartiles, in one definition."""

from collections.abc import Sequence

import numpy as np


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile of at least one value: R's `quantile`, type 7."""
    first, median, third = np.quantile(values, [0.25, 0.5, 0.75], method="linear")
    return float(first), float(median), float(third)
