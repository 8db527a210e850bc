"""The data behind the published estimates of a release, comparable without knowing them."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from abate.analysis import Estimate
from abate.counted import counts_of
from abate.outcome import Outcome
from abate.results import Results
from abate.units import as_units

# A unit and a keyed digest of the datum that was used of it.
Item = tuple[str, str]
Items = frozenset[Item]
Name = tuple[str, str]
_DIGITS = 24
# Behind the name of an estimate: its n, and not its figure.
_SIZE = "/n"
_MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The items of the estimates of a release, and the analyses that ended well.

    Attributes:
        items: by analysis and estimate.
        counts: the numbers of units that it shows of an estimate, by their names.
        analyses: the names of those that have a result.
    """

    items: Mapping[Name, Items]
    counts: Mapping[Name, Mapping[str, int]] = field(default_factory=dict)
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
    named, known = {*_figures(shown), *_sizes(shown)}, _known(found)
    return Estimates(
        items={name: _items(known[name], key) for name in sorted(named & known.keys())},
        counts={name: one for name, one in _counts(shown) if name in known},
        analyses=frozenset(one.name for one in found.outcomes if one.result is not None),
    )


def computed_in(found: Results, key: str) -> Estimates:
    """The items of all estimates of a run, whether or not they are released."""
    return published_in(found, found, key)


def has_all_units(found: Results, shown: Results) -> bool:
    """Whether the units of all estimates that a release shows are known."""
    return _figures(shown) <= _known(found).keys()


def units_between(one: Items, other: Items) -> frozenset[str]:
    """The units that only one of two estimates used, or of which each used another datum."""
    return frozenset(unit for unit, _ in one ^ other)


def _figures(shown: Results) -> set[Name]:
    """The estimates whose figures are shown."""
    return {(outcome.name, one.name) for outcome, one in _estimates(shown) if not one.withheld}


def _sizes(shown: Results) -> set[Name]:
    """The estimates whose n is shown, with a figure or without."""
    return {
        (outcome.name, one.name + _SIZE) for outcome, one in _estimates(shown) if one.n is not None
    }


def _counts(shown: Results) -> Iterator[tuple[Name, dict[str, int]]]:
    """The counts of the estimates whose figures are shown."""
    for outcome, one in _estimates(shown):
        if not one.withheld and (counts := counts_of(one)):
            yield (outcome.name, one.name), counts


def _known(found: Results) -> dict[Name, Mapping[str, str]]:
    """The data of each figure and of each n, as far as units are known.

    An n tells who is counted; it tells of values only if the units were chosen by them.
    """
    known: dict[Name, Mapping[str, str]] = {}
    for outcome, one in _estimates(found):
        given = outcome.result.units.get(one.name) if outcome.result else None
        if given is not None:
            units = as_units(given)
            known[outcome.name, one.name] = units.data
            size = units.among or dict.fromkeys(units.data, _MEMBER)
            known[outcome.name, one.name + _SIZE] = size
    return known


def _estimates(results: Results) -> Iterator[tuple[Outcome, Estimate]]:
    for outcome in results.outcomes:
        for estimate in outcome.result.estimates if outcome.result else ():
            yield outcome, estimate


def _items(data: Mapping[str, str], key: str) -> Items:
    return frozenset((unit, _digest(key, unit, datum)) for unit, datum in data.items())


def _digest(key: str, unit: str, datum: str) -> str:
    return hmac.digest(key.encode(), f"{unit}/{datum}".encode(), "sha256").hex()[:_DIGITS]
