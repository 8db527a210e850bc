"""Pain scores that the mapping cannot read and a plugin can."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abate.store.database import Store

# The reasons that concern only the value: a plugin may be able to read it.
VALUE_REASONS = (
    "several-values",
    "value-not-an-integer",
    "comparator",
    "answers-differ",
    "no-value",
    "value-malformed",
    "value-not-a-number",
    "codes-differ",
    "unit-unknown",
    "range-malformed",
    "scale-unknown",
    "scale-contradictory",
)


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


def ask_plugins(store: "Store", read_score: ReadScore) -> None:
    """Let a plugin read the Observations of the batch that were rejected for their value."""
    # It imports DuckDB; the contract of plugins imports Score, and must stay light.
    from abate.mapping.statements import sql

    rejected = store.rows(
        "select mapped.id, landed.resource "
        "from mapped inner join landed on landed.rowid = mapped.place "
        "where list_contains($reasons, reason) order by mapped.id",
        {"reasons": list(VALUE_REASONS)},
    )
    for identifier, resource in rejected:
        observation = _decode(resource)
        score = read_score(observation) if observation is not None else None
        if score is not None:
            store.run(sql("read_score"), {"id": identifier, **asdict(score)})


def _decode(resource: str) -> dict[str, Any] | None:
    """Parse a resource; None if only DuckDB can: a trailing comma, or a great depth."""
    try:
        decoded: dict[str, Any] = json.loads(resource)
    except (ValueError, RecursionError):
        return None
    return decoded
