"""The data behind the published estimates of a release, comparable without knowing them."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from abate.results import Results
from abate.units import Units, as_units

# A unit and a keyed digest of the datum that was used of it.
Item = tuple[str, str]
Items = frozenset[Item]
Name = tuple[str, str]
_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The items of the estimates of a release, and the analyses that ended well.

    Attributes:
        items: by analysis and estimate.
        analyses: the names of those that have a result.
    """

    items: Mapping[Name, Items]
    analyses: frozenset[str] = frozenset()

    @property
    def distinct(self) -> frozenset[Items]:
        """Each set of items once."""
        return frozenset(self.items.values())


def published_in(found: Results, shown: Results, key: str) -> Estimates:
    """The items of the estimates that a release shows.

    Args:
        found: the results of the run, with the units of their estimates.
        shown: the same as they are released.
        key: keeps the digests from being guessed.
    """
    named, known = _named(shown), _known(found)
    return Estimates(
        items={name: _items(known[name], key) for name in sorted(named & known.keys())},
        analyses=frozenset(one.name for one in found.outcomes if one.result is not None),
    )


def computed_in(found: Results, key: str) -> Estimates:
    """The items of all estimates of a run, whether or not they are released."""
    return published_in(found, found, key)


def has_all_units(found: Results, shown: Results) -> bool:
    """Whether the units of all estimates that a release shows are known."""
    return _named(shown) <= _known(found).keys()


def units_between(one: Items, other: Items) -> frozenset[str]:
    """The units that only one of two estimates used, or of which each used another datum."""
    return frozenset(unit for unit, _ in one ^ other)


def _named(shown: Results) -> set[Name]:
    return {name for name, _ in _estimates(shown)}


def _known(found: Results) -> dict[Name, Units]:
    return {name: units for name, units in _estimates(found) if units is not None}


def _estimates(results: Results) -> Iterator[tuple[Name, Units | None]]:
    """Each estimate that has a figure, with its units if they are known."""
    for outcome in results.outcomes:
        units = outcome.result.units if outcome.result else {}
        for estimate in outcome.result.estimates if outcome.result else ():
            if not estimate.withheld:
                given = units.get(estimate.name)
                yield (outcome.name, estimate.name), None if given is None else as_units(given)


def _items(units: Units, key: str) -> Items:
    return frozenset((unit, _digest(key, unit, datum)) for unit, datum in units.data.items())


def _digest(key: str, unit: str, datum: str) -> str:
    return hmac.digest(key.encode(), f"{unit}/{datum}".encode(), "sha256").hex()[:_DIGITS]
