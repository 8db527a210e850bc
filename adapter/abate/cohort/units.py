"""The units that an estimate was computed from, and the datum of each, for the rules of release.

Units are pseudonyms: they are kept beside a result, are never part of it, and are never published.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

# The key of a unit of which no datum was used, such as a missing score counted as no response.
NO_DATUM = "no datum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of one estimate.

    Attributes:
        data: for each of the `n` units, its id and a key of the datum that was used. The key of a
            score is its id and its value, that of a change those of both scores. Equal keys are
            equal data. A key that names a question (`site`, `sex`) keeps two questions to
            the same units apart. An empty key could be any datum.
        counts: for each of the estimate's counts, the ids that it counts. A number of something
            other than units (events) is counted by ids of its own.
        among: if the units were chosen by their values (the lesions whose two scores differ): all
            units that could have been chosen, each with the datum by which it was. Then n, too,
            tells of values. The datum need not be the one of `data`: how long relief lasted is
            another one than the scores that showed it.
    """

    data: Mapping[str, str]
    counts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    among: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, ids: Iterable[str], datum: str = "") -> Self:
        """Return the units with these ids, each with the same key."""
        return cls(data=dict.fromkeys(ids, datum))

    def counting(self, counts: Mapping[str, Iterable[str]]) -> Self:
        """Return the same units, with the ids of each of the estimate's counts."""
        return replace(self, counts={name: frozenset(ids) for name, ids in counts.items()})

    def where(self, ids: Iterable[str]) -> Self:
        """Return only the units with these ids, which were chosen by their values."""
        chosen = set(ids)
        data = {unit: key for unit, key in self.data.items() if unit in chosen}
        return replace(self, data=data, counts={}, among=self.among or self.data)


def as_units(given: Units | Collection[str]) -> Units:
    """Return Units for what an author may give: a collection of ids, or ids mapped to keys."""
    if isinstance(given, Units):
        return given
    return Units(data=given) if isinstance(given, Mapping) else Units.of(given)
