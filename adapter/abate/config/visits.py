"""Visits: names, windows, and the rule that windows never overlap."""

import re
from collections.abc import Mapping
from itertools import pairwise

BASELINE = "baseline"
SAME_DAY_AFTER = "D0-after"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")


class VisitFault(ValueError):
    """What is wrong with a visit; `visit` is its name."""

    def __init__(self, visit: str, words: str) -> None:
        super().__init__(words)
        self.visit = visit


def check_windows(windows: Mapping[str, tuple[int, int]]) -> None:
    """Hold the names to their form, since statistics are named after them, and the windows apart.

    Args:
        windows: first and last day of each visit, in days from the index procedure.

    Raises:
        VisitFault: two windows share a day, or a visit has a name that it may not have.
    """
    for name in windows:
        _check_name(name)
    ordered = sorted(windows.items(), key=lambda item: item[1])
    for (name, (_, last)), (later, (first, _)) in pairwise(ordered):
        if first <= last:
            raise VisitFault(later, f"the windows of {name!r} and {later!r} overlap on day {first}")


def _check_name(name: str) -> None:
    if name == SAME_DAY_AFTER:
        raise VisitFault(name, "this visit is made by abate itself: choose another name")
    if not _NAME.fullmatch(name):
        raise VisitFault(
            name, "a visit's name is a letter, then letters, digits or '-' (32 at most)"
        )
