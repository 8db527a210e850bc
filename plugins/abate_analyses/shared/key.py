"""Which estimates of an analysis are key."""

from collections.abc import Iterable
from dataclasses import replace

from abate import Estimate


def mark_key(estimates: Iterable[Estimate], *names: str) -> list[Estimate]:
    """The estimates; those of these names are key."""
    return [
        replace(estimate, key=True) if estimate.name in names else estimate
        for estimate in estimates
    ]
