"""Lesions beside their patients: what both together tell of the patients with several lesions."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from knowledge import Item, Items

STILL = 1e-6
# Of a patient it is true if it is of any lesion; and if it is of all lesions, and of none without.
OF_ANY = {"complication", "lasting"}
JOINED = OF_ANY | {"falls", "rises"}

Row = Mapping[Item, float]


class Joined:
    """Sums over lesions and over patients, of whom one thing is true or is not."""

    def __init__(
        self, what: str, lesions: Mapping[Item, Item], sums: Sequence[tuple[Items, float]]
    ) -> None:
        """Join them by who has which lesions.

        Args:
            what: what is true of them.
            lesions: the items of lesions, each with its patient's.
            sums: some lesions, or some patients, and of how many it is true.
        """
        self.what = what
        self.lesions_of = dict[Item, list[Item]]()
        for lesion, patient in lesions.items():
            self.lesions_of.setdefault(patient, []).append(lesion)
        items = {*lesions, *lesions.values()}.union(*(one for one, _ in sums))
        self.place = {item: at for at, item in enumerate(sorted(items))}
        self.equal = self._matrix([dict.fromkeys(one, 1.0) for one, _ in sums])
        self.totals = np.array([total for _, total in sums], float)
        laws = [law for one in self.lesions_of for law in self._laws(one)]
        self.least = self._matrix([row for row, _ in laws])
        self.limits = np.array([limit for _, limit in laws], float)

    def told(self, patients: Items) -> Iterator[tuple[Items, float, int]]:
        """By how many the lesions of patients with several exceed these patients, if certain.

        Yields:
            The patients; by how many more lesions than patients it is true; how many more there
            are.
        """
        several = {one: its for one, its in self.lesions_of.items() if len(its) > 1}
        several = {one: its for one, its in several.items() if one in patients}
        costs = np.zeros(len(self.place))
        for patient, its in several.items():
            costs[self.place[patient]] = -1
            costs[[self.place[one] for one in its]] = 1
        low, high = self._end(costs), -self._end(-costs)
        if several and abs(high - low) < STILL:
            yield frozenset(several), round(low, 6), sum(map(len, several.values())) - len(several)

    def _laws(self, patient: Item) -> Iterator[tuple[Row, float]]:
        its = self.lesions_of[patient]
        yield {patient: 1, **dict.fromkeys(its, -1)}, 0
        if self.what in OF_ANY:
            yield from (({one: 1, patient: -1}, 0) for one in its)
        else:
            yield {patient: -1, **dict.fromkeys(its, 1)}, len(its) - 1

    def _end(self, costs: np.ndarray) -> float:
        found = linprog(
            costs, A_eq=self.equal, b_eq=self.totals, A_ub=self.least, b_ub=self.limits,
            bounds=(0, 1), method="highs",
        )  # fmt: skip
        assert found.status == 0, f"what is known contradicts what was published: {found.message}"
        return float(found.fun)

    def _matrix(self, rows: Sequence[Row]) -> csr_array:
        entries = [
            (at, self.place[item], by) for at, row in enumerate(rows) for item, by in row.items()
        ]
        at, column, by = zip(*entries, strict=True)
        return csr_array((np.array(by, float), (at, column)), shape=(len(rows), len(self.place)))
