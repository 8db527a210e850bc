"""Groups of units between two releases in which all or none count, which discloses each unit.

If 25 of 31 lesions fell, and then 31 of the same and six more, each of the six fell. A whole
population in which all or none count is not such a group: a report may show that.
"""

from collections.abc import Iterator, Sequence

from abate.releases.items import Estimates, Items

# The data of a population, what is counted in it, and how often.
_Counted = tuple[Items, str, int]


def is_all_or_none(new: Estimates, earlier: Sequence[Estimates]) -> bool:
    """Whether counts of two releases disclose the value of each unit in which they differ.

    Counts of the same name are comparable in all analyses, such as `falls` over the same data.

    Args:
        new: the estimates of the new release.
        earlier: the estimates of each earlier release.
    """
    before = {counted for estimates in earlier for counted in _count(estimates)}
    after = set(_count(new)) - before
    return any(
        _tells(current, other) for current in after for other in before if current[1] == other[1]
    )


def _count(release: Estimates) -> Iterator[_Counted]:
    for name, counts in release.counts.items():
        for count, number in counts.items():
            yield release.items[name], count, number


def _tells(counted: _Counted, other: _Counted) -> bool:
    (part, _, part_number), (whole, _, number) = sorted((counted, other), key=lambda it: len(it[0]))
    if not part < whole or number in (0, len(whole)):
        return False
    return number - part_number in (0, len(whole) - len(part))
