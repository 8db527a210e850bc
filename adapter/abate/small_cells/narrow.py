"""What each sum by itself says of its cells, over and over: bounds that hold in every table.

They are outer bounds: a number beyond them is impossible; one within them need not be possible.
"""

import numpy as np
from scipy.sparse import coo_array

from abate.small_cells.search import TOLERANCE, End, Limits

ROUNDS = 50


def narrowed(limits: Limits) -> Limits:
    """The limits, with what follows sum by sum."""
    entries = limits.matrix.tocoo()
    low, high = limits.low.copy(), limits.high.copy()
    for _ in range(ROUNDS):
        before = low.copy(), high.copy()
        least, most = _of_others(entries, low, high)
        np.maximum.at(low, entries.col, np.ceil(least - TOLERANCE))
        np.minimum.at(high, entries.col, np.floor(most + TOLERANCE))
        if np.array_equal(low, before[0]) and np.array_equal(high, before[1]):
            break
    return limits._replace(low=low, high=high)


def nearest(end: End, limits: Limits) -> End:
    """The end, or where the limits rule it out, the number nearest to it that they allow."""
    number = max(end.number, limits.low[end.cell])
    if end.sign < 0:
        number = min(end.number, limits.high[end.cell])
    return end._replace(number=int(number))


def _of_others(
    entries: coo_array, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most of each cell of each sum that the sum's other cells allow."""
    rows, cells, signs = entries.row, entries.col, entries.data
    ends = signs * low[cells], signs * high[cells]
    least, most = (_without_own(rows, pick(*ends)) for pick in (np.minimum, np.maximum))
    bounds = -most / signs, -least / signs
    return np.minimum(*bounds), np.maximum(*bounds)


def _without_own(rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """For each number, the sum of the others in its row; infinite where one of them is."""
    endless = np.isinf(numbers)
    finite = np.where(endless, 0.0, numbers)
    others = np.bincount(rows, endless)[rows] - endless
    sums = np.bincount(rows, finite)[rows] - finite
    infinity = np.inf if (numbers > 0)[endless].any() else -np.inf
    return np.where(others > 0, infinity, sums)
