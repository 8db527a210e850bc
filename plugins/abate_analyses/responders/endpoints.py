"""The definitions of a responder, by pain scores only.

The limits of 30 % and 50 % are from IMMPACT (Dworkin 2008,
https://doi.org/10.1016/j.jpain.2007.09.005), 2 points or 30 % from Farrar (2001,
https://doi.org/10.1016/S0304-3959(01)00349-9).
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

PAIN_SCORE_ONLY = "pain-score-only responder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One definition of a responder.

    Attributes:
        name: the name of its estimates.
        words: the definition in words.
        holds: whether it is met, from the columns `reference` and `endpoint` in billionths.
        of_reference: whether it needs a reference above 0.
        of_change: whether it needs a reference.
    """

    name: str
    words: str
    holds: Callable[[pl.Expr, pl.Expr], pl.Expr]
    of_reference: bool = False
    of_change: bool = True

    @property
    def label(self) -> str:
        """The label of its estimates, which says that only pain scores count."""
        return f"{PAIN_SCORE_ONLY}: {self.words}"


def _percent(percent: int) -> Callable[[pl.Expr, pl.Expr], pl.Expr]:
    return lambda reference, endpoint: 100 * (reference - endpoint) >= percent * reference


RESPONSES = (
    Response(
        name="not-worse",
        words="not worse than the reference",
        holds=lambda reference, endpoint: endpoint <= reference,
    ),
    Response(
        name="any-fall",
        words="any fall",
        holds=lambda reference, endpoint: endpoint < reference,
    ),
    Response(
        name="fall-2",
        words="fall of at least 2 points (Farrar 2001)",
        holds=lambda reference, endpoint: reference - endpoint >= 2_000_000_000,
    ),
    Response(
        name="fall-30-percent",
        words="fall of at least 30 % (moderate, IMMPACT 2008)",
        holds=_percent(30),
        of_reference=True,
    ),
    Response(
        name="fall-50-percent",
        words="fall of at least 50 % (substantial, IMMPACT 2008)",
        holds=_percent(50),
        of_reference=True,
    ),
    Response(
        name="score-0",
        words="score 0 at the endpoint",
        holds=lambda _, endpoint: endpoint == 0,
        of_change=False,
    ),
)
