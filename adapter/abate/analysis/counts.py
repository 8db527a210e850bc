"""What an estimate counts: its numbers of units by name, and the units that each number counts."""

from collections.abc import Iterator

from abate.analysis.model import Estimate
from abate.cohort.units import Units

NUMERATOR = "numerator"
COUNTED_UNITS = {"{lesion}", "{patient}"}


def counts_of(estimate: Estimate) -> dict[str, int]:
    """Return the counts that an estimate shows, by name; the numerator has the estimate's name."""
    counts = {
        estimate.name if name == NUMERATOR else name: count
        for name, count in estimate.counts.items()
    }
    if estimate.value is None or estimate.visible_n is None:
        return counts
    if is_count(estimate):
        counts[estimate.name] = int(estimate.value)
    elif estimate.statistic == "proportion" and NUMERATOR not in estimate.counts:
        counts[estimate.name] = round(estimate.value * estimate.n)
    return counts


def is_count(estimate: Estimate) -> bool:
    """Whether the value is a number of units."""
    is_named = estimate.statistic == "count" or (
        estimate.statistic == "other" and estimate.unit in COUNTED_UNITS
    )
    return is_named and estimate.value is not None and float(estimate.value).is_integer()


def basis_of(estimate: Estimate) -> str:
    """Return what it counts."""
    return "patient" if estimate.unit == "{patient}" else estimate.basis


def members(units: Units, estimate: Estimate) -> dict[str, frozenset[str]]:
    """Return the ids behind each count of an estimate, as far as the units have them."""
    return {
        estimate.name if name == NUMERATOR else name: frozenset(ids)
        for name, ids in units.counts.items()
    }


def unit_faults(estimate: Estimate, units: Units) -> Iterator[str]:
    """Return the contradictions between the units of an estimate and its numbers."""
    if len(units.data) != estimate.n:
        yield "it was computed from another number of units than its n"
    counts = counts_of(estimate)
    for name, ids in members(units, estimate).items():
        if name not in counts:
            yield f"its units count {name!r}, a count that does not exist"
        elif len(ids) != counts[name]:
            yield f"its units do not add up to its count {name!r}"
