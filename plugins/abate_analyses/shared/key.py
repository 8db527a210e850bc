"""The key estimates of an analysis."""

from collections.abc import Iterable
from dataclasses import replace

from abate import Estimate


def mark_key(estimates: Iterable[Estimate], *names: str) -> list[Estimate]:
    """Mark the estimates of these names as key."""
    return [
        replace(estimate, key=True) if estimate.name in names else estimate
        for estimate in estimates
    ]
