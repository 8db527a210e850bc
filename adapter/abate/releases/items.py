"""The data behind the published estimates of a release, as digests that can be compared."""

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

# A unit, and a keyed digest of its datum that was used.
Item = tuple[str, str]
Items = frozenset[Item]
Name = tuple[str, str]
_DIGITS = 24
# Suffixes of the name of an estimate: for its n instead of its value, and for one of its counts.
_SIZE = "/n"
_COUNT = "/count "
_MEMBER = "member"
# The steps of the flow of patients have no analysis.
_FLOW = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The items of the estimates of a release, and the analyses with a result.

    Attributes:
        items: by analysis and estimate; the steps of the flow of patients have no analysis.
        counts: the published counts of an estimate, by their names.
        analyses: a digest of what each analysis with a result computes, by its name.
    """

    items: Mapping[Name, Items]
    counts: Mapping[Name, Mapping[str, int]] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)

    @property
    def distinct(self) -> frozenset[Items]:
        """Return each set of items once."""
        return frozenset(self.items.values())

    def of(self, names: Collection[str]) -> "Estimates":
        """Return only the estimates of some analyses."""
        return Estimates(
            items={name: items for name, items in self.items.items() if name[0] in names},
            counts={name: counts for name, counts in self.counts.items() if name[0] in names},
            analyses={name: digest for name, digest in self.analyses.items() if name in names},
        )

    def beside(self, others: "Estimates") -> "Estimates":
        """Return these estimates and others of other analyses."""
        return Estimates(
            items={**others.items, **self.items},
            counts={**others.counts, **self.counts},
            analyses={**others.analyses, **self.analyses},
        )


def list_published(results: Results, shown: Results, key: str) -> Estimates:
    """Return the items of the estimates and of the steps of the flow that a release shows.

    Args:
        results: the results of the run, with the units of their estimates.
        shown: the released results.
        key: the secret of the digests, so that nobody can guess the data.
    """
    named, known = {*_figures(shown), *_sizes(shown), *_answers(shown)}, _known(results)
    named |= {_name_of(step) for step in shown.attrition if step.n is not None}
    return Estimates(
        items={name: _items(known[name], key) for name in sorted(named & known.keys())},
        counts={name: count for name, count in _counts(shown) if name in known},
        analyses={
            outcome.name: _computation(outcome)
            for outcome in results.outcomes
            if outcome.result is not None
        },
    )


def list_computed(results: Results, key: str) -> Estimates:
    """Return the items of all estimates of a run, released or not."""
    return list_published(results, results, key)


def has_all_units(results: Results, shown: Results) -> bool:
    """Whether the units of all published estimates are known."""
    return _figures(shown) <= _known(results).keys()


def units_between(items: Items, other: Items) -> frozenset[str]:
    """Return the units that only one of two estimates used, or with different data."""
    return frozenset(unit for unit, _ in items ^ other)


def _figures(shown: Results) -> set[Name]:
    """Return the estimates whose figures are shown."""
    return {
        (outcome.name, estimate.name)
        for outcome, estimate in _estimates(shown)
        if not estimate.withheld
    }


def _sizes(shown: Results) -> set[Name]:
    """Return the estimates whose n is shown, with or without a figure."""
    return {
        (outcome.name, estimate.name + _SIZE)
        for outcome, estimate in _estimates(shown)
        if estimate.visible_n is not None
    }


def _answers(shown: Results) -> set[Name]:
    """Return the names of the counts of the estimates whose figures are shown."""
    return {
        (analysis, f"{estimate}{_COUNT}{name}")
        for (analysis, estimate), counts in _counts(shown)
        for name in counts
    }


def _counts(shown: Results) -> Iterator[tuple[Name, dict[str, int]]]:
    """Give the numbers of the counts of the estimates whose figures are shown."""
    for outcome, estimate in _estimates(shown):
        if not estimate.withheld and (counts := counts_of(estimate)):
            yield (outcome.name, estimate.name), counts


def _known(results: Results) -> dict[Name, Mapping[str, str]]:
    """Return the data of each figure, each n and each count whose units are known.

    An n says who is counted; it depends on values only if the units were chosen by their values.
    """
    known: dict[Name, Mapping[str, str]] = {
        _name_of(step): dict.fromkeys(step.units, _MEMBER)
        for step in results.attrition
        if step.units
    }
    for outcome, estimate in _estimates(results):
        given = outcome.result.units.get(estimate.name) if outcome.result else None
        if given is not None:
            units = as_units(given)
            known[outcome.name, estimate.name] = units.data
            size = units.among or dict.fromkeys(units.data, _MEMBER)
            known[outcome.name, estimate.name + _SIZE] = size
            for name, answers in _answer(units, estimate):
                known[outcome.name, f"{estimate.name}{_COUNT}{name}"] = answers
    return known


def _answer(units: Units, estimate: Estimate) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the data of one count: whether each unit is counted, if its datum does not say it.

    A key that several units share names the question (`complication`) and not the answer. With the
    answer in it, another answer of a unit is another datum.
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
    """Return a digest of what an analysis computes: its plugin and its parameters."""
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
