"""The smallest group of units that a reader can isolate by subtracting several releases.

The populations of any two estimates differ by some units. More than two estimates are treated as
sums over the data that they used: a combination that leaves few units is a vector of small support
in their row space. It is searched for by elimination in several random orders of the columns, as
low-weight words of a linear code are: a word becomes a row when exactly one of its columns is a
pivot (Lee and Brickell, EUROCRYPT 1988).
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from abate.releases.items import Item, Items, units_between

Matrix = npt.NDArray[np.int64]

# Elimination uses whole numbers modulo this prime, so it is exact.
_PRIME = 2_147_483_647
_ORDERS = 40


def smallest_group(
    new: Collection[Items], earlier: Sequence[Collection[Items]], minimum: int
) -> int | None:
    """Return the size of the smallest group under `minimum` that releases isolate together.

    Args:
        new: the data of each estimate of the new release.
        earlier: the data of each estimate of each earlier release.
        minimum: the least number of units that may be isolated.

    Returns:
        A number from 1 to `minimum - 1`; None if there is no such group.
    """
    sizes = [size for size in _pairs(new, earlier) if 0 < size < minimum]
    if not sizes:
        sizes = [size for size in _combinations(new, earlier, minimum) if 0 < size < minimum]
    return min(sizes, default=None)


def _pairs(new: Collection[Items], earlier: Sequence[Collection[Items]]) -> Iterator[int]:
    """Give the numbers of units by which new and earlier estimates differ."""
    before = _all(earlier)
    for items in set(new) - before:
        yield from (len(units_between(items, other)) for other in before)


def _combinations(
    new: Collection[Items], earlier: Sequence[Collection[Items]], minimum: int
) -> Iterator[int]:
    """Give the numbers of units in combinations of rows of both releases."""
    before = sorted(_all(earlier), key=sorted)
    rows = [*before, *sorted(new, key=sorted)]
    if set(new) <= set(before):
        return
    matrix, units = _table(rows)
    heavy = sum(len(column) >= minimum for column in units)
    sides = [_reduce(matrix[: len(before)]), _reduce(matrix[len(before) :])]
    cancelled = [row for row in _reduce(matrix) if not row[:heavy].any()]
    for row in _sparse(np.array(cancelled, dtype=np.int64)):
        if not any(_has(side, row) for side in sides):
            yield len(frozenset[str]().union(*(units[place] for place in np.flatnonzero(row))))


def _all(releases: Sequence[Collection[Items]]) -> set[Items]:
    return {items for release in releases for items in release}


def _table(rows: Sequence[Items]) -> tuple[Matrix, list[frozenset[str]]]:
    """Return which rows use which data, and the units of each column, the largest first.

    A column is all data that are used by the same rows.
    """
    places = defaultdict[Item, list[int]](list)
    for place, items in enumerate(rows):
        for item in items:
            places[item].append(place)
    columns = defaultdict[tuple[int, ...], set[str]](set)
    for (unit, _), its in places.items():
        columns[tuple(its)].add(unit)
    ordered = sorted(columns.items(), key=lambda column: (-len(column[1]), column[0]))
    matrix = np.zeros((len(rows), len(ordered)), dtype=np.int64)
    for column, (stands_in, _) in enumerate(ordered):
        matrix[list(stands_in), column] = 1
    return matrix, [frozenset(units) for _, units in ordered]


def _sparse(rows: Matrix) -> Iterator[Matrix]:
    """Give vectors of the row space, among them those of small support."""
    if not rows.size:
        return
    chance = random.Random(_ORDERS)  # noqa: S311 - a fixed order, and no secret
    order = list(range(rows.shape[1]))
    for _ in range(_ORDERS):
        chance.shuffle(order)
        for row in _reduce(rows[:, order]):
            back = np.zeros_like(row)
            back[order] = row
            yield back


def _reduce(rows: Matrix) -> Matrix:
    """Return the rows in reduced echelon form, without zero rows."""
    left, done = rows % _PRIME, 0
    for column in range(left.shape[1]):
        candidates = np.flatnonzero(left[done:, column])
        if not candidates.size:
            continue
        pivot = done + int(candidates[0])
        left[[done, pivot]] = left[[pivot, done]]
        left[done] = left[done] * pow(int(left[done, column]), -1, _PRIME) % _PRIME
        factors = left[:, column].copy()
        factors[done] = 0
        used = np.flatnonzero(factors)
        left[used] = (left[used] - factors[used, None] * left[done]) % _PRIME
        done += 1
        if done == len(left):
            break
    return left[:done]


def _has(reduced: Matrix, row: Matrix) -> bool:
    """Whether a row is a combination of the rows of a reduced matrix.

    In its pivot columns a reduced matrix is the identity, so the row has its factors there.
    """
    factors = row[(reduced != 0).argmax(axis=1)]
    used = np.flatnonzero(factors)
    made = (factors[used, None] * reduced[used] % _PRIME).sum(axis=0) % _PRIME
    return np.array_equal(made, row % _PRIME)
