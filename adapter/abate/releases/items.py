"""The data behind the published estimates of a release, comparable without knowing them."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from abate.analysis.counts import counts_of, members
from abate.analysis.model import Estimate
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results, Step
from abate.cohort.units import Units, as_units

# A unit and a keyed digest of the datum that was used of it.
Item = tuple[str, str]
Items = frozenset[Item]
Name = tuple[str, str]
_DIGITS = 24
# Behind the name of an estimate: its n, and not its figure; one of its counts.
_SIZE = "/n"
_COUNT = "/count "
_MEMBER = "member"
# The flow of patients belongs to no analysis.
_FLOW = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The items of the estimates of a release, and the analyses that ended well.

    Attributes:
        items: by analysis and estimate; those of the flow of patients have no analysis.
        counts: the numbers of units that it shows of an estimate, by their names.
        analyses: by the name of each analysis that has a result, a digest of what it computes.
    """

    items: Mapping[Name, Items]
    counts: Mapping[Name, Mapping[str, int]] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)

    @property
    def distinct(self) -> frozenset[Items]:
        """Each set of items once."""
        return frozenset(self.items.values())

    def of(self, names: Collection[str]) -> "Estimates":
        """Only those of some analyses."""
        return Estimates(
            items={name: items for name, items in self.items.items() if name[0] in names},
            counts={name: counts for name, counts in self.counts.items() if name[0] in names},
            analyses={name: one for name, one in self.analyses.items() if name in names},
        )

    def beside(self, others: "Estimates") -> "Estimates":
        """These and others, which are of other analyses."""
        return Estimates(
            items={**others.items, **self.items},
            counts={**others.counts, **self.counts},
            analyses={**others.analyses, **self.analyses},
        )


def list_published(found: Results, shown: Results, key: str) -> Estimates:
    """The items of the estimates, and of the steps of the flow, that a release shows.

    Args:
        found: the results of the run, with the units of their estimates.
        shown: the same as they are released.
        key: keeps the digests from being guessed.
    """
    named, known = {*_figures(shown), *_sizes(shown), *_answers(shown)}, _known(found)
    named |= {_name_of(step) for step in shown.attrition if step.n is not None}
    return Estimates(
        items={name: _items(known[name], key) for name in sorted(named & known.keys())},
        counts={name: one for name, one in _counts(shown) if name in known},
        analyses={
            outcome.name: _computation(outcome)
            for outcome in found.outcomes
            if outcome.result is not None
        },
    )


def list_computed(found: Results, key: str) -> Estimates:
    """The items of all estimates of a run, whether or not they are released."""
    return list_published(found, found, key)


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
        (outcome.name, one.name + _SIZE)
        for outcome, one in _estimates(shown)
        if one.visible_n is not None
    }


def _answers(shown: Results) -> set[Name]:
    """The counts of the estimates whose figures are shown."""
    return {
        (analysis, f"{estimate}{_COUNT}{name}")
        for (analysis, estimate), counts in _counts(shown)
        for name in counts
    }


def _counts(shown: Results) -> Iterator[tuple[Name, dict[str, int]]]:
    """The numbers of the counts of the estimates whose figures are shown."""
    for outcome, one in _estimates(shown):
        if not one.withheld and (counts := counts_of(one)):
            yield (outcome.name, one.name), counts


def _known(found: Results) -> dict[Name, Mapping[str, str]]:
    """The data of each figure, of each n and of each count, as far as units are known.

    An n tells who is counted; it tells of values only if the units were chosen by them.
    """
    known: dict[Name, Mapping[str, str]] = {
        _name_of(step): dict.fromkeys(step.units, _MEMBER) for step in found.attrition if step.units
    }
    for outcome, one in _estimates(found):
        given = outcome.result.units.get(one.name) if outcome.result else None
        if given is not None:
            units = as_units(given)
            known[outcome.name, one.name] = units.data
            size = units.among or dict.fromkeys(units.data, _MEMBER)
            known[outcome.name, one.name + _SIZE] = size
            for name, answers in _answer(units, one):
                known[outcome.name, f"{one.name}{_COUNT}{name}"] = answers
    return known


def _answer(units: Units, estimate: Estimate) -> Iterator[tuple[str, dict[str, str]]]:
    """By count, whether each unit is counted, where the data do not tell it.

    A key that several units share says what was asked (`complication`), and not the answer. So
    another answer of a unit is another datum of it.
    """
    times = Counter(units.data.values())
    if not any(number > 1 for number in times.values()):
        return
    for name, ids in members(units, estimate).items():
        outside = dict.fromkeys(ids - units.data.keys(), "")
        yield (
            name,
            {
                unit: f"{datum}: {'counted' if unit in ids else 'not counted'}"
                for unit, datum in {**units.data, **outside}.items()
            },
        )


def _name_of(step: Step) -> Name:
    return _FLOW, f"{step.stage}/{step.reason}/{step.unit}"


def _computation(outcome: Outcome) -> str:
    """A digest of what an analysis computes: whose it is, and its parameters."""
    asked = (outcome.plugin, outcome.use, outcome.parameters)
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()[:_DIGITS]


def _estimates(results: Results) -> Iterator[tuple[Outcome, Estimate]]:
    for outcome in results.outcomes:
        for estimate in outcome.result.estimates if outcome.result else ():
            yield outcome, estimate


def _items(data: Mapping[str, str], key: str) -> Items:
    return frozenset((unit, _digest(key, unit, datum)) for unit, datum in data.items())


def _digest(key: str, unit: str, datum: str) -> str:
    return hmac.digest(key.encode(), f"{unit}/{datum}".encode(), "sha256").hex()[:_DIGITS]
