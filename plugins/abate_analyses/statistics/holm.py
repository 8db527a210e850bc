"""Holm's correction of several p-values (Holm 1979), as R's `p.adjust(method = "holm")`."""

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Return the corrected p-values, in the order of `values`."""
    corrected = [0.0] * len(values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = largest
    return corrected
