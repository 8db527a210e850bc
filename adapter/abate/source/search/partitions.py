"""A large query in parts, by stretches of time, so that several are under way at once.

With 100 ms a page, one after the other brings 1000 resources a page size at most, whatever reads
them. The counts of the parts must add up to the count of the whole; else it is not divided.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

import msgspec

from abate.fhir.types import read_type
from abate.source.query import Query, Window
from abate.source.search.paging import Pager
from abate.source.search.pull import Pull, slug

PARAMETERS = ("_lastUpdated", "date")
_SHORTEST = timedelta(seconds=1)


def parts_of(pull: Pull, query: Query) -> list[Query]:
    """The parts of a query, or itself; the same as a run before this one took, if it was killed."""
    note = f"windows-{slug(query.name)}"
    if (kept := pull.landing.recall(note)) is not None:
        windows = msgspec.json.decode(kept, type=list[Window])
        return [query.of(window=one) for one in windows] or [query]
    expected = pull.pager.count(query) if pull.parallel > 1 else None
    pull.fetcher.tally.expect(query.name, query.type, expected)
    windows = _divide(pull.pager, query, expected or 0, 2 * pull.parallel)
    pull.landing.remember(note, msgspec.json.encode(windows))
    return [query.of(window=one) for one in windows] or [query]


def _divide(pager: Pager, query: Query, expected: int, parts: int) -> list[Window]:
    """The windows of a query, about so many; none if it is small or cannot be divided."""
    most = max(pager.page_size, ceil(expected / parts))
    if expected <= 2 * pager.page_size or query.window is not None:
        return []
    for parameter in PARAMETERS:
        if parameter == "date" and not read_type(query.type).has_date:
            continue
        whole = Window.of_all(parameter)
        if pager.count(query.of(window=whole)) == expected:
            return list(_without_gaps(list(_halves(pager, query, whole, expected, most)), whole))
    return []


def _without_gaps(windows: list[Window], whole: Window) -> Iterator[Window]:
    """The same, each from the end of the one before: a count of nothing is not believed."""
    start = whole.start
    for place, window in enumerate(windows, start=1):
        end = whole.end if place == len(windows) else window.end
        yield Window(parameter=whole.parameter, start=start, end=end)
        start = end


def _halves(pager: Pager, query: Query, window: Window, count: int, most: int) -> Iterator[Window]:
    """A stretch with `count` resources, halved until none has more than `most`."""
    middle = window.start + (window.end - window.start) / 2
    middle = middle.replace(microsecond=0)
    if count <= most or middle - window.start < _SHORTEST:
        yield window
        return
    first = Window(parameter=window.parameter, start=window.start, end=middle)
    second = Window(parameter=window.parameter, start=middle, end=window.end)
    before = pager.count(query.of(window=first))
    if before is None:
        yield window
        return
    if before:
        yield from _halves(pager, query, first, before, most)
    if count - before > 0:
        yield from _halves(pager, query, second, count - before, most)
