"""Divide a large query into time windows, so that several can run at once.

At 100 ms a page, sequential paging reads ten pages a second at most, however fast the client is.
The counts of the parts must add up to the count of the whole query; else it is not divided.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

import msgspec

from abate.fhir.types import read_type
from abate.source.query import Query, TimeWindow
from abate.source.search.paging import Pager
from abate.source.search.pull import Pull, slug

PARAMETERS = ("_lastUpdated", "date")
_SHORTEST = timedelta(seconds=1)


def parts_of(pull: Pull, query: Query) -> list[Query]:
    """Return the parts of a query, or the query; an interrupted run's parts are reused."""
    note = f"windows-{slug(query.name)}"
    if (kept := pull.landing.recall(note)) is not None:
        windows = msgspec.json.decode(kept, type=list[TimeWindow])
        return [query.of(window=window) for window in windows] or [query]
    expected = pull.pager.count(query) if pull.parallel > 1 else None
    pull.fetcher.tally.expect(query.name, query.type, expected)
    windows = _divide(pull.pager, query, expected or 0, 2 * pull.parallel)
    pull.landing.remember(note, msgspec.json.encode(windows))
    return [query.of(window=window) for window in windows] or [query]


def _divide(pager: Pager, query: Query, expected: int, parts: int) -> list[TimeWindow]:
    """Return about `parts` windows of a query; none if it is small or cannot be divided."""
    most = max(pager.page_size, ceil(expected / parts))
    if expected <= 2 * pager.page_size or query.window is not None:
        return []
    for parameter in PARAMETERS:
        if parameter == "date" and not read_type(query.type).has_date:
            continue
        whole = TimeWindow.of_all(parameter)
        if pager.count(query.of(window=whole)) == expected:
            return list(_without_gaps(list(_halves(pager, query, whole, expected, most)), whole))
    return []


def _without_gaps(windows: list[TimeWindow], whole: TimeWindow) -> Iterator[TimeWindow]:
    """Extend each window to the end of the previous one: a count of zero is not trusted."""
    start = whole.start
    for place, window in enumerate(windows, start=1):
        end = whole.end if place == len(windows) else window.end
        yield TimeWindow(parameter=whole.parameter, start=start, end=end)
        start = end


def _halves(
    pager: Pager, query: Query, window: TimeWindow, count: int, most: int
) -> Iterator[TimeWindow]:
    """Halve a window with `count` resources until no part has more than `most`."""
    middle = window.start + (window.end - window.start) / 2
    middle = middle.replace(microsecond=0)
    if count <= most or middle - window.start < _SHORTEST:
        yield window
        return
    first = TimeWindow(parameter=window.parameter, start=window.start, end=middle)
    second = TimeWindow(parameter=window.parameter, start=middle, end=window.end)
    before = pager.count(query.of(window=first))
    if before is None:
        yield window
        return
    if before:
        yield from _halves(pager, query, first, before, most)
    if count - before > 0:
        yield from _halves(pager, query, second, count - before, most)
