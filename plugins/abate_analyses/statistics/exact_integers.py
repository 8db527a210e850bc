"""Scores and changes as whole numbers, so that ties, zeros and limits are exact.

In binary fractions 0.3 - 0.1 is not 0.2, and 4.9 of 7 is not a fall of 30 %: the rounding of the
last digit would decide both.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Billionths = NDArray[np.int64]
POINT = 1_000_000_000


def billionths(values: Sequence[float]) -> Billionths:
    """Return points, or differences of points, in billionths of a point."""
    whole: Billionths = np.rint(np.asarray(values, dtype=np.float64) * POINT).astype(np.int64)
    return whole
