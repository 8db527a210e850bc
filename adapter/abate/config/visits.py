"""Check the visits: their names, and that their windows do not overlap."""

import re
from collections.abc import Mapping
from itertools import pairwise

BASELINE = "baseline"
SAME_DAY_AFTER = "D0-after"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")


class VisitFault(ValueError):
    """An invalid visit; `visit` is its name."""

    def __init__(self, visit: str, words: str) -> None:
        super().__init__(words)
        self.visit = visit


def check_windows(windows: Mapping[str, tuple[int, int]]) -> None:
    """Check the names, since statistics are named after visits, and that no windows overlap.

    Args:
        windows: first and last day of each visit, in days from the index procedure.

    Raises:
        VisitFault: two windows share a day, or the name of a visit is invalid.
    """
    for name in windows:
        _check_name(name)
    ordered = sorted(windows.items(), key=lambda item: item[1])
    for (name, (_, last)), (later, (first, _)) in pairwise(ordered):
        if first <= last:
            raise VisitFault(later, f"the windows of {name!r} and {later!r} overlap on day {first}")


def _check_name(name: str) -> None:
    if name == SAME_DAY_AFTER:
        raise VisitFault(name, "this name is reserved by abate: choose another name")
    if not _NAME.fullmatch(name):
        raise VisitFault(
            name, "a visit name must be a letter, then letters, digits or '-' (32 at most)"
        )
