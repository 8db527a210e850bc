"""Groups of units between two releases in which all count, or none: so each one's value is known.

Of 31 lesions 25 fell, and of the same and six more 31 did: each of the six fell. A whole population
in which all or none count is no such group: that is shown to its readers as it is.
"""

from collections.abc import Iterator, Sequence

from abate.releases.items import Estimates, Items

# The data of a population, what is counted in it, and how often.
_Counted = tuple[Items, str, int]


def is_all_or_none(new: Estimates, earlier: Sequence[Estimates]) -> bool:
    """Whether counts of a release and of an earlier one tell the value of each unit between them.

    Counts of one name count the same, whatever the analysis: `falls` over the same data.

    Args:
        new: what the new release shows.
        earlier: what each release before showed.
    """
    before = {counted for one in earlier for counted in _count(one)}
    after = set(_count(new)) - before
    return any(_tells(one, other) for one in after for other in before if one[1] == other[1])


def _count(release: Estimates) -> Iterator[_Counted]:
    for name, counts in release.counts.items():
        for count, number in counts.items():
            yield release.items[name], count, number


def _tells(one: _Counted, other: _Counted) -> bool:
    (part, _, part_number), (whole, _, number) = sorted((one, other), key=lambda it: len(it[0]))
    if not part < whole or number in (0, len(whole)):
        return False
    return number - part_number in (0, len(whole) - len(part))
