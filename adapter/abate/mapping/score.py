"""A pain score that a plugin read, since the mapping could not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A pain score as a plugin's `read_score` gives it.

    Attributes:
        value: from 0 to 10.
        raw: the value as it was sent.
        scale: the highest score of its scale, 10 or 100.
        unit: its unit, if it had one.
        instrument: NRS, VAS, FACES, ...; None keeps what the code says.
        context: now, worst, average, rest, movement; None keeps what the code says.
    """

    value: float
    raw: str
    scale: float
    unit: str | None = None
    instrument: str | None = None
    context: str | None = None


ReadScore = Callable[[Mapping[str, Any]], Score | None]
