"""The attack: everything that follows with certainty from what was published.

Each count is an equation over what is true of single units, 0 or 1 of each; a sum is one over their
values, from -10 to 10. A linear program finds the least and the most that a few units can have
together: if both are the same, that is found. A median or a range is compared with another one of
nearly the same units. Several releases are so many equations more: give them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from joined import JOINED, Joined
from knowledge import Item, Items, Known, Term
from published import Figure

STILL = 1e-6
# What is true of a unit if something else is; and what is one of several for each.
IMPLIED = {
    "fall-2": "falls", "fall-30-percent": "falls", "fall-50-percent": "fall-30-percent",
    "lasting": "complication", "lost": "not-worse", "held": "not-worse",
    "patient lasting": "patient complication",
}  # fmt: skip
# Two names of one question: who is counted by one is not counted by the other, or is, too.
OPPOSITES = {"untied": "ties", "not-worse": "rises", "above-0": "at-0"}
SAME = {"any-fall": "falls"}
# Of these each unit gives one answer; those that are not shown are one answer more.
QUESTIONS = ("sex", "site", "site-group", "adjunct")
STATES = [f"state {one}" for one in ("scored", "not-scored", "dead", "not-due", "due")]
# Who was scored is known before; a change is no count.
KNOWN = {"state scored"}
UNCOUNTED = {"change", *KNOWN}
CUMULATIVE = ("died by", "lost by", "relieved until death by")


@dataclass(frozen=True)
class Release:
    """One publication: its figures, and what is known of them."""

    figures: Mapping[str, Figure]
    known: Mapping[str, Known]

    def pairs(self) -> Iterator[tuple[Figure, Known]]:
        """Each figure of which something is known."""
        for name, figure in self.figures.items():
            if name in self.known:
                yield figure, self.known[name]


@dataclass(frozen=True)
class Found:
    """Something of a few units that follows: what, of whom, and how much or how many."""

    what: str
    items: Items
    number: float | None = None


def attack(releases: Sequence[Release], minimum: int) -> list[Found]:
    """What follows of 1 to `minimum` - 1 units, or how many small counts are certain."""
    figures = [pair for release in releases for pair in release.pairs()]
    apart = [list(release.pairs()) for release in releases]
    return [
        *_small(figures, minimum),
        *_differencing(figures, minimum),
        *(found for one in _systems(apart) for found in one.found(minimum)),
        *(found for pairs in apart for found in _beside_lesions(pairs, minimum)),
    ]


def _few(number: float, minimum: int) -> bool:
    return STILL < number < minimum - STILL


def _small(figures: Iterable[tuple[Figure, Known]], minimum: int) -> Iterator[Found]:
    """A small number as such, and all but a few."""
    for figure, known in figures:
        for name, count in {"n": figure.n, **figure.counts}.items():
            rest = (figure.n or 0) - count if name != "n" and figure.n is not None else 0
            if count is not None and (_few(count, minimum) or _few(rest, minimum)):
                yield Found(f"{figure.name}: {name}", known.items or frozenset(), count)


def _differencing(figures: Sequence[tuple[Figure, Known]], minimum: int) -> Iterator[Found]:
    """Two figures of the same kind of values whose units differ by a few; two n, one within."""
    seen: dict[tuple[Items, bool], str] = {}
    for figure, known in figures:
        if known.items is not None:
            if figure.is_of_values:
                seen[known.items, True] = figure.name
            if figure.n is not None:
                seen[known.items, False] = figure.name
    for ((one, of_values), name), ((other, others), other_name) in combinations(seen.items(), 2):
        units = {unit for unit, _ in one ^ other}
        if of_values and others and one & other and _few(len(units), minimum):
            yield Found(f"{name} beside {other_name}", one ^ other)
        whole, part = {unit for unit, _ in one}, {unit for unit, _ in other}
        if (whole < part or part < whole) and _few(len(whole ^ part), minimum):
            yield Found(f"n of {name} beside that of {other_name}", one ^ other)


@dataclass(frozen=True)
class _Equation:
    what: str
    items: Items
    total: float
    release: int = field(compare=False)


def _equations(release: int, figure: Figure, known: Known) -> Iterator[_Equation]:
    for term, total in _terms(figure, known):
        if term.items:
            yield _Equation(term.what, term.items, total, release)


def _terms(figure: Figure, known: Known) -> Iterator[tuple[Term, float]]:
    """What is counted or summed, and how much it is."""
    counts = dict(figure.counts)
    if figure.kind == "proportion" and figure.value is not None and figure.n:
        counts.setdefault("numerator", round(figure.value * figure.n))
    yield from known.before.items()
    for terms in (known.counts, known.also):
        yield from ((terms[name], count) for name, count in counts.items() if name in terms)
    if known.n is not None and figure.n is not None:
        yield known.n, figure.n
    if known.total and figure.value is not None and figure.unit == "{score}":
        yield known.total, figure.value * ((figure.n or 1) if "mean" in figure.label else 1)


def _systems(releases: Iterable[Iterable[tuple[Figure, Known]]]) -> "list[_System]":
    """The equations that hang together by the units' data."""
    equations = list(
        dict.fromkeys(
            one
            for at, figures in enumerate(releases)
            for figure, known in figures
            for one in _equations(at, figure, known)
        )
    )
    groups: list[tuple[set[Item], list[_Equation]]] = []
    for one in equations:
        touching = [group for group in groups if group[0] & one.items]
        items = set(one.items).union(*(group[0] for group in touching))
        joined = [one, *(other for group in touching for other in group[1])]
        groups = [group for group in groups if group not in touching] + [(items, joined)]
    return [_System(joined) for _, joined in groups]


class _System:
    """Equations over some units: which of their sums are certain."""

    def __init__(self, equations: Sequence[_Equation]) -> None:
        self.equations = equations
        self.items = sorted({item for one in equations for item in one.items})
        self.whats = sorted(_with_implied({one.what for one in equations}))
        places = [(what, item) for what in self.whats for item in self.items]
        self.place = {place: at for at, place in enumerate(places)}
        self.equal = self._matrix([(one.items, {one.what: 1}) for one in equations])
        self.totals = np.array([one.total for one in equations], float)
        self.least, self.limits = self._links()

    def _matrix(self, rows: Sequence[tuple[Items, Mapping[str, int]]]) -> csr_array:
        entries = [
            (at, self.place[what, item], factor)
            for at, (items, factors) in enumerate(rows)
            for what, factor in factors.items()
            for item in items
        ]
        where = [entry[:2] for entry in entries]
        at, column = zip(*where, strict=True) if where else ((), ())
        shape = (len(rows), len(self.place))
        return csr_array(([float(entry[2]) for entry in entries], (at, column)), shape=shape)

    def _links(self) -> tuple[csr_array, np.ndarray]:
        """What holds of each unit, as sums that are at most a limit."""
        rows: list[tuple[Items, Mapping[str, int]]] = []
        limits: list[float] = []
        for item in self.items:
            for factors, limit in _laws(set(self.whats)):
                rows.append((frozenset({item}), factors))
                limits.append(limit)
        return self._matrix(rows), np.array(limits)

    def found(self, minimum: int) -> Iterator[Found]:
        """The groups of a few units of which something is certain, and small counts that are."""
        certain = self._certain()
        for (what, items), number in certain.items():
            if (
                what not in UNCOUNTED
                and not _is_rest(what, items, number, certain)
                and (_few(number, minimum) or _few(len(items) - number, minimum))
            ):
                yield Found(f"count of {what}", items, number)
        yield from _between(certain, self.whats, minimum)
        for what in {*self.whats} - KNOWN:
            whole = [
                items
                for (other, items), number in certain.items()
                if other == what != "change" and number in (0, len(items))
            ]
            whole += self._rests(what, minimum)
            for group in _groups(
                [one.items for one in self.equations if one.what == what], minimum
            ):
                is_whole = any(group <= items for items in whole)
                if not is_whole and (number := self._fixed(what, group)) is not None:
                    yield Found(what, group, number)

    def _rests(self, what: str, minimum: int) -> Iterator[Items]:
        """The rests of populations of one release, not few, in which all count, or none."""
        asked = [(*_plainly(one), one) for one in self.equations if one.what != "change"]
        asked = [one for one in asked if one[0] == _plain(what)]
        for (_, total, one), (_, less, other) in permutations(asked, 2):
            rest = one.items - other.items
            is_of_one = one.release == other.release and other.items < one.items
            if is_of_one and len(rest) >= minimum and total - less in (0, len(rest)):
                yield rest

    def _certain(self) -> dict[tuple[str, Items], float]:
        """What whole populations have, where it is certain: published, or implied by it."""
        asked = {
            (other, one.items)
            for one in self.equations
            for other in [one.what, *_besides(one.what, self.whats)]
        }
        found = {one: self._fixed(*one) for one in asked}
        return {one: number for one, number in found.items() if number is not None}

    def _fixed(self, what: str, items: Items) -> float | None:
        """What the units have together, if it is certain."""
        costs = np.zeros(len(self.place))
        costs[[self.place[what, item] for item in items]] = 1
        low, high = self._end(costs), -self._end(-costs)
        return round(low, 6) if abs(high - low) < STILL else None

    def _end(self, costs: np.ndarray) -> float:
        bounds = [(-10, 10) if what == "change" else (0, 1) for what, _ in self.place]
        found = linprog(
            costs, A_eq=self.equal, b_eq=self.totals, bounds=bounds, method="highs",
            A_ub=self.least if self.least.shape[0] else None,
            b_ub=self.limits if self.least.shape[0] else None,
        )  # fmt: skip
        assert found.status == 0, f"what is known contradicts what was published: {found.message}"
        return float(found.fun)


def _plain(what: str) -> str:
    """One name of a question that has two."""
    return OPPOSITES.get(what) or SAME.get(what, what)


def _plainly(one: _Equation) -> tuple[str, float]:
    """What an equation counts by the one name of its question, and how many these are."""
    total = len(one.items) - one.total if one.what in OPPOSITES else one.total
    return _plain(one.what), total


def _between(
    certain: Mapping[tuple[str, Items], float], whats: Sequence[str], minimum: int
) -> Iterator[Found]:
    """The few of whom something is true, and not what implies it: a fall of less than 2 points."""
    for (what, items), number in certain.items():
        for implied in _implied(what, whats):
            more = certain.get((implied, items), number) - number
            if _few(more, minimum):
                yield Found(f"count of {implied} and not {what}", items, more)


def _beside_lesions(figures: Sequence[tuple[Figure, Known]], minimum: int) -> Iterator[Found]:
    """What the figures of patients tell beside those of lesions: of patients with several."""
    equations = [one for pair in figures for one in _equations(0, *pair)]
    for figure, known in figures:
        for term, _ in _terms(figure, known) if known.lesions else ():
            what = term.what.removeprefix("patient ")
            sums = [(one.items, one.total) for one in equations if one.what in (what, term.what)]
            if what in JOINED and any(one.what == what for one in equations):
                joined = Joined(what, known.lesions, sums)
                for of, number, whole in joined.told(term.items):
                    if _few(number, minimum) or _few(whole - number, minimum) or len(of) < minimum:
                        yield Found(f"lesions beside patients: {what}", of, number)


def _is_rest(
    what: str, items: Items, number: float, certain: Mapping[tuple[str, Items], float]
) -> bool:
    """Whether those who were not scored are all in one state, as 0 of all lesions in others say."""
    scored = certain.get(("state scored", items), 0.0)
    return what in STATES and number in (0, len(items) - scored)


def _implied(what: str, whats: Sequence[str]) -> set[str]:
    """What is true of each unit of which another thing is, as far as it is asked for."""
    head = next((one for one in CUMULATIVE if what.startswith(one)), None)
    later = [one for one in sorted(whats) if head and one.startswith(head) and one > what]
    return {IMPLIED.get(what, ""), *what.split(" and "), *later[:1]} & {*whats} - {what}


def _answers(what: str) -> str:
    """The question that something is an answer to; empty if it is none."""
    return next((one for one in QUESTIONS if what.startswith(f"{one} ")), "")


def _with_implied(whats: set[str]) -> set[str]:
    whats = whats | {f"{_answers(one)} other" for one in whats if _answers(one)}
    if any(one.startswith("state ") for one in whats):
        whats |= {*STATES}
    if whats & {"not-worse", "any-fall", "falls", "rises", "ties", "untied"}:
        return whats | {"falls", "rises", "ties"}
    if whats & {"patient falls", "patient rises", "patient ties"}:
        return whats | {"patient falls", "patient rises", "patient ties"}
    return whats


def _laws(whats: set[str]) -> Iterator[tuple[Mapping[str, int], float]]:
    """What holds of every unit: sums that are at most a limit."""
    yield from _laws_of_pairs(whats)
    for question in QUESTIONS:
        if answers := [one for one in whats if _answers(one) == question]:
            yield from _equal(dict.fromkeys(answers, 1), 1)
    if "state due" in whats:
        states = {one for one in whats if one.startswith("state ")} - {"state due"}
        yield from _equal(dict.fromkeys(states, 1), 1)
        yield from _equal({"state due": 1, "state scored": -1, "state not-scored": -1}, 0)
    for what in whats:
        for implied in _implied(what, [*whats]):
            yield {what: 1, implied: -1}, 0


def _laws_of_pairs(whats: set[str]) -> Iterator[tuple[Mapping[str, int], float]]:
    """Of two scores: one falls, rises or stays, and a response is one of these."""
    for prefix in ("", "patient "):
        three = [f"{prefix}{one}" for one in ("falls", "rises", "ties")]
        if whats.issuperset(three):
            yield from _equal(dict.fromkeys(three, 1), 1)
    same = {"not-worse": {"rises": 1}, "any-fall": {"falls": -1}, "untied": {"ties": 1}}
    for what, other in same.items():
        if what in whats:
            yield from _equal({what: 1, **other}, 0 if what == "any-fall" else 1)
    if {"at-0", "above-0"} <= whats:
        yield from _equal({"at-0": 1, "above-0": 1}, 1)


def _equal(factors: Mapping[str, int], total: float) -> Iterator[tuple[Mapping[str, int], float]]:
    yield factors, total
    yield {what: -factor for what, factor in factors.items()}, -total


def _besides(what: str, whats: Sequence[str]) -> Sequence[str]:
    """What else is counted where something is: the directions, the answers, the states."""
    directed = {"not-worse", "any-fall", "falls", "rises", "ties", "untied", "fall-2"}
    found = [one for one in ("falls", "rises", "ties") if what in directed and one in whats]
    if question := _answers(what):
        found += [one for one in whats if _answers(one) == question]
    if what.startswith("state "):
        found += [one for one in whats if one.startswith("state ")]
    return found


def _groups(populations: Sequence[Items], minimum: int) -> set[Items]:
    """A few units that are in the same populations, or that two populations differ by."""
    atoms: dict[tuple[bool, ...], set[Item]] = {}
    for item in {item for items in populations for item in items}:
        atoms.setdefault(tuple(item in items for items in populations), set()).add(item)
    found = {frozenset(items) for items in atoms.values()}
    for one, other in combinations(set(populations), 2):
        found |= {one - other, other - one}
    return {items for items in found if 0 < len({unit for unit, _ in items}) < minimum}
