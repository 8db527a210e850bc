"""Visits: names, windows, and the rule that windows never overlap."""

from collections.abc import Mapping
from itertools import pairwise

BASELINE = "baseline"
SAME_DAY_AFTER = "D0-after"


def check_windows(windows: Mapping[str, tuple[int, int]]) -> None:
    """Hold the windows apart.

    Args:
        windows: first and last day of each visit, in days from the index procedure.

    Raises:
        ValueError: two windows share a day, or a visit has a name that abate gives itself.
    """
    if SAME_DAY_AFTER in windows:
        raise ValueError(f"the visit {SAME_DAY_AFTER!r} is made by abate itself: choose another")
    ordered = sorted(windows.items(), key=lambda item: item[1])
    for (name, (_, last)), (later, (first, _)) in pairwise(ordered):
        if first <= last:
            raise ValueError(f"the windows of {name!r} and {later!r} overlap on day {first}")
