"""A large query in parts, by stretches of time, so that several are under way at once.

With 100 ms a page, one after the other brings 1000 resources a page size at most, whatever reads
them. The counts of the parts must add up to the count of the whole; else it is not divided.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

from abate.fhir.types import read_type
from abate.source.query import Query, Window
from abate.source.search.completeness import Asker

PARAMETERS = ("_lastUpdated", "date")
_SHORTEST = timedelta(seconds=1)


def divided(asker: Asker, query: Query, expected: int, parts: int) -> list[Query]:
    """The parts of a query, about so many; itself where it is small or cannot be divided."""
    most = max(asker.pager.page_size, ceil(expected / parts))
    if parts == 1 or expected <= 2 * asker.pager.page_size or query.window is not None:
        return [query]
    for parameter in PARAMETERS:
        if parameter == "date" and not read_type(query.type).has_date:
            continue
        whole = Window.of_all(parameter)
        if asker.pager.count(query.of(window=whole)) == expected:
            windows = list(_halves(asker, query, whole, expected, most))
            return [query.of(window=one) for one in _without_gaps(windows, whole)]
    return [query]


def _without_gaps(windows: list[Window], whole: Window) -> Iterator[Window]:
    """The same, each from the end of the one before: a count of nothing is not believed."""
    start = whole.start
    for place, window in enumerate(windows, start=1):
        end = whole.end if place == len(windows) else window.end
        yield Window(parameter=whole.parameter, start=start, end=end)
        start = end


def _halves(asker: Asker, query: Query, window: Window, count: int, most: int) -> Iterator[Window]:
    """A stretch with `count` resources, halved until none has more than `most`."""
    middle = window.start + (window.end - window.start) / 2
    middle = middle.replace(microsecond=0)
    if count <= most or middle - window.start < _SHORTEST:
        yield window
        return
    first = Window(parameter=window.parameter, start=window.start, end=middle)
    second = Window(parameter=window.parameter, start=middle, end=window.end)
    before = asker.pager.count(query.of(window=first))
    if before is None:
        yield window
        return
    if before:
        yield from _halves(asker, query, first, before, most)
    if count - before > 0:
        yield from _halves(asker, query, second, count - before, most)
