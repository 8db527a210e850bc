"""Wilcoxon's signed-rank test with ties and zeros, exact.

SciPy's `wilcoxon(method="exact")` uses the distribution without ties (1.17 gives another p than
R's `coin`), and older versions silently use the normal approximation.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abate_analyses.statistics.exact_integers import Billionths
from abate_analyses.statistics.sign_flips import EXACT_UP_TO, flip_test

Zeros = Literal["dropped", "pratt"]

# V counts rises only; a turning of one sign moves it by half as much as the doubled ranks' sum.
_HALF_OF_V_IN_DOUBLED_RANKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRank:
    """The result: V is the sum of the ranks of the rises, as in R; p is two-sided."""

    v: float
    p: float
    exact: bool


def wilcoxon_signed_rank(
    changes: Billionths, zeros: Zeros, *, exact_up_to: int = EXACT_UP_TO
) -> SignedRank:
    """Return Wilcoxon's test of changes, of which at least one is not zero.

    With `dropped` zeros are removed before the ranking (Wilcoxon 1945), with `pratt` after it
    (Pratt 1959). Ties get midranks.
    """
    weights = double_ranks(changes, zeros)
    test = flip_test(weights, correction=_HALF_OF_V_IN_DOUBLED_RANKS, exact_up_to=exact_up_to)
    return SignedRank(v=float(weights[weights > 0].sum()) / 2, p=test.p, exact=test.exact)


def double_ranks(changes: Billionths, zeros: Zeros) -> NDArray[np.int64]:
    """Return twice the midranks of the sizes, with the signs of the changes, as whole numbers."""
    kept = changes if zeros == "pratt" else changes[changes != 0]
    _, size, tied = np.unique(np.abs(kept), return_inverse=True, return_counts=True)
    ranks = (2 * np.cumsum(tied) - tied + 1)[size]
    untied = kept != 0
    signed: NDArray[np.int64] = (ranks * np.sign(kept))[untied]
    return signed
