"""Visits for a study file, proposed from the days on which pain was scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# A visit: its name, its day, and the first and the last day of its window.
Visit = tuple[str, int, int, int]

USUAL: tuple[Visit, ...] = (
    ("D1", 1, 1, 1),
    ("D2", 2, 2, 2),
    ("Wk1", 7, 5, 10),
    ("Wk2", 14, 11, 17),
    ("Wk3", 21, 18, 24),
    ("M1", 28, 25, 41),
    *((f"M{n}", 28 * n, 28 * n - 14, 28 * n + 13) for n in range(2, 10)),
)
# Without gaps, for scores that are rarely taken on the days of usual visits.
WIDE: tuple[Visit, ...] = (
    ("Wk1", 7, 1, 14),
    ("M1", 28, 15, 45),
    ("M3", 90, 46, 135),
    ("M6", 180, 136, 270),
    ("M12", 365, 271, 425),
)
FIRST_WEEK = ("D1", "D2", "Wk1")
# The baseline window reaches back so many days, the first that has most of the scores before.
BASELINES = (7, 30, 90)
_MOST, _FEW = 0.8, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitProposal:
    """The visits, the endpoint, the days of the baseline, and whether they are from the data."""

    visits: Sequence[Visit] = USUAL
    endpoint: tuple[str, ...] = FIRST_WEEK
    baseline: int = BASELINES[0]
    is_from_data: bool = False


def propose_visits(days: Mapping[int, int]) -> VisitProposal:
    """Return visits that fit the days with a score; the usual ones if these fit or none is known.

    Args:
        days: the number of scored days by their distance from the procedure.
    """
    after = sum(n for day, n in days.items() if day > 0)
    if not after:
        return VisitProposal()
    baseline = _reach_back(days)
    if 2 * sum(_count(days, visit) for visit in USUAL) >= after:
        visits = USUAL
        first_week = sum(_count(days, visit) for visit in USUAL if visit[0] in FIRST_WEEK)
        if first_week >= _FEW * after:
            return VisitProposal(baseline=baseline, is_from_data=True)
    else:
        most = max(_count(days, visit) for visit in WIDE)
        visits = tuple(visit for visit in WIDE if _count(days, visit) >= max(1, _FEW * most))
    best = max(visits, key=lambda visit: _count(days, visit))
    return VisitProposal(visits=visits, endpoint=(best[0],), baseline=baseline, is_from_data=True)


def _count(days: Mapping[int, int], visit: Visit) -> int:
    _, _, first, last = visit
    return sum(n for day, n in days.items() if first <= day <= last)


def _reach_back(days: Mapping[int, int]) -> int:
    """Return the shortest baseline window that has most of the scores before the procedure."""
    counts = [sum(n for day, n in days.items() if -reach <= day <= 0) for reach in BASELINES]
    pairs = zip(BASELINES, counts, strict=True)
    return next(reach for reach, count in pairs if count >= _MOST * counts[-1])
