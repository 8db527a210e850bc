"""How the lesions with relief fall apart from visit to visit, for the rule of small cells.

A curve shows at each visit how many are at risk, and how many were lost and died. So their
differences are numbers, too, and so is what is left of the lesions: how many were censored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from abate import Split
from abate_analyses.loss_curves import At, Curves, counts_at


def loss_splits(lost: Curves) -> Iterator[Split]:
    """From visit to visit, and before each visit.

    Fewer and fewer are at risk, more and more losses and deaths have happened.
    """
    total = ("losses", int(lost.loss.events.sum()))
    counted = [list(counts_at(lost, at).items()) for at in lost.visits]
    for (at_risk, *events), (fewer, *more) in pairwise(counted):
        yield _part(lost, at_risk, fewer)
        yield from (_part(lost, after, before) for before, after in zip(events, more, strict=True))
    yield from (_part(lost, total, losses) for _, losses, _ in counted[-1:])
    before = [_before(lost, at) for at in lost.visits]
    yield from (one.split(lost) for one in before)
    for at, one in zip(lost.visits, before, strict=True):
        yield from _of_window(lost, at, one)
    for at, (earlier, later) in zip(lost.visits[:-1], pairwise(before), strict=True):
        yield from _between(lost, at, earlier, later)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What became of the lesions with relief before the first day of a visit's window."""

    visit: str
    at_risk: int
    losses: int
    deaths: int
    censored: int

    def cells(self) -> dict[str, int]:
        """Those who are not at risk any more, by name."""
        return {
            f"losses before {self.visit}": self.losses,
            f"deaths before {self.visit}": self.deaths,
            f"censored before {self.visit}": self.censored,
        }

    def split(self, lost: Curves) -> Split:
        """All lesions: those at risk at the visit, and the others."""
        parts = {f"at risk at {self.visit}": self.at_risk, **self.cells()}
        return Split(
            whole=lost.population,
            parts={f"{lost.population}: {name}": number for name, number in parts.items()},
        )


def _before(lost: Curves, at: At) -> _Before:
    upto = lost.loss.place(at.first - 1) + 1
    at_risk = lost.loss.followed_to(at.first)
    losses, deaths = (
        int(counted[:upto].sum()) for counted in (lost.loss.events, lost.loss.competing)
    )
    censored = lost.n - at_risk - losses - deaths
    return _Before(visit=at.visit, at_risk=at_risk, losses=losses, deaths=deaths, censored=censored)


def _of_window(lost: Curves, at: At, before: _Before) -> Iterator[Split]:
    """What happened by a window's last day had happened before it, or happened in it."""
    _, *by_last = counts_at(lost, at).items()
    for whole, part in zip(by_last, list(before.cells().items())[:2], strict=True):
        yield _part(lost, whole, part)


def _between(lost: Curves, at: At, earlier: _Before, later: _Before) -> Iterator[Split]:
    """What happened before a window happened by the last day of the one before, or between them.

    Whoever was censored was so before the earlier window, or from then on.
    """
    _, *by_last = counts_at(lost, at).items()
    *events, censored = later.cells().items()
    for whole, part in zip(events, by_last, strict=True):
        yield _same(lost, whole, part) if whole[1] == part[1] else _part(lost, whole, part)
    *_, censored_earlier = earlier.cells().items()
    yield _part(lost, censored, censored_earlier)


def _same(lost: Curves, one: tuple[str, int], other: tuple[str, int]) -> Split:
    """Two names of one number: the reader is taken to know that nothing was between."""
    return Split(
        whole=f"{lost.population}: {one[0]}", parts={f"{lost.population}: {other[0]}": other[1]}
    )


def _part(lost: Curves, whole: tuple[str, int], part: tuple[str, int]) -> Split:
    """One count of the lesions as a part of another."""
    (outer, many), (inner, few) = whole, part
    cell = f"{lost.population}: {inner}"
    rest = f"{lost.population}: {outer} but not {inner}"
    return Split(whole=f"{lost.population}: {outer}", parts={cell: few, rest: many - few})
