"""Check that a query is complete if the server gives no count.

Two identical passes prove little: a server that repeats one page and omits another, or that ends
its links early, does so in each pass. So a query of several pages is repeated in halves, by
`_lastUpdated`, whose pages begin elsewhere. Halves that return more are halved again. A query that
cannot be halved is passed again; there, an id that is received twice in each pass is an error.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from abate.fhir.bundle import Head
from abate.source.id_set import IdSet
from abate.source.query import Query, TimeWindow
from abate.source.search.paging import NotHonoured, incomplete
from abate.source.search.received import Received

# How many passes a query gets at most until two of them are identical.
PASSES = 3
PARAMETER = "_lastUpdated"

Take = Callable[[Head, bytes], None]
Walk = Callable[[Query, Take, Received], None]
Parts = Sequence[tuple[Query, Received]]


@dataclass(slots=True, kw_only=True)
class Settling:
    """Makes sure that the result of one query is complete.

    Attributes:
        walk: passes through the pages of a query once.
        take: is called with each resource that no earlier pass received.
        received: the received resources of the query and its parts so far.
        page_size: the requested number of resources on a page.
        is_confirmed: whether halves confirmed the result, and not only identical passes.
    """

    walk: Walk
    take: Take
    received: Received
    page_size: int
    is_confirmed: bool = True

    def settle(self, query: Query, received: Received) -> None:
        """Make sure that a query is complete, after a pass that returned `one`.

        Raises:
            IncompletePull: resources are missing, or this cannot be determined.
        """
        if received.is_short:
            raise incomplete(
                query, None, f"a part has {received.expected}, received {received.received}"
            )
        if received.expected == received.received:
            return
        before, parts = len(received.fitting), self._in_halves(query, received)
        if not _agrees(received, before, parts):
            for half, part in parts:
                self.settle(half, part)
        together = _together(part for _, part in parts)
        received.fitting.update(together)
        if not parts or len(received.fitting) > len(together):
            self._pass_again(query, received)

    def _in_halves(self, query: Query, received: Received) -> Parts:
        """Fetch the halves of a query; none if it cannot be halved or need not be."""
        halves = (
            halve(query, received.walked.times)
            if received.walked.is_doubtful(self.page_size)
            else []
        )
        try:
            return [(half, self._pass(half)) for half in halves]
        except NotHonoured:
            return []

    def _pass(self, query: Query) -> Received:
        part = Received()
        self.walk(query, self._take_new, part)
        self.received.pages += part.pages
        return part

    def _take_new(self, head: Head, raw: bytes) -> None:
        if self.received.fitting.add(head.id):
            self.take(head, raw)

    def _pass_again(self, query: Query, received: Received) -> None:
        """Repeat a query until two passes are identical and the later one has no repeated id.

        A row that changes during paging is received twice too, but not in the next pass.
        """
        self.is_confirmed = False
        unsound = int(received.walked.is_unsound)
        for _ in range(1, PASSES):
            before, again = len(received.fitting), self._pass(query)
            received.fitting.update(again.fitting)
            unsound += again.walked.is_unsound
            is_same = before == len(received.fitting) == len(again.fitting)
            if is_same and not again.walked.is_unsound:
                return
        raise incomplete(query, None, f"the server gives no count, and {_words(unsound)}")


def halve(query: Query, times: Sequence[float]) -> list[Query]:
    """Divide a query into two windows of `_lastUpdated` with about equal rows; none if impossible.

    Args:
        query: the query.
        times: `lastUpdated` of the received rows, in seconds since 1970.
    """
    window = query.window or TimeWindow.of_all(PARAMETER, query.since)
    # To the second: some servers have no finer search precision.
    seconds = np.unique(np.floor(times))
    if window.parameter != PARAMETER or len(seconds) < 2:
        return []
    middle = datetime.fromtimestamp(float(seconds[len(seconds) // 2]), UTC)
    if not window.start < middle < window.end:
        return []
    ends = ((window.start, middle), (middle, window.end))
    return [
        query.of(since=None, window=TimeWindow(parameter=PARAMETER, start=start, end=end))
        for start, end in ends
    ]


def _agrees(received: Received, before: int, parts: Parts) -> bool:
    """Return whether the parts have the same ids as the whole (`before`), none of them twice."""
    together = _together(part for _, part in parts)
    both = _together([received])
    both.update(together)
    is_sound = not any(part.walked.is_unsound for _, part in parts)
    return is_sound and len(both) == before == len(together)


def _together(parts: Iterable[Received]) -> IdSet:
    """Return the union of the ids of some parts."""
    ids = IdSet()
    for part in parts:
        ids.update(part.fitting)
    return ids


def _words(unsound: int) -> str:
    if unsound > 1:
        return "ids come twice in each pass: its pages overlap, and others may be missing"
    return f"{PASSES} passes returned different ids"
