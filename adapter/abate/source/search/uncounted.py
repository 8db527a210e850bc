"""A query of which the server gives no count: what shows that all of it arrived.

Two passes that bring the same show little: a server that gives one page twice and leaves out
another, or ends its links early, does so in each pass. So a query of several pages is asked again
in halves, by `_lastUpdated`: their pages begin elsewhere. Halves that bring more are halved again.
What cannot be halved is passed again, and there an id that comes twice in each pass is an error.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from abate.fhir.bundle import Head
from abate.source.id_set import Seen
from abate.source.query import Query, Window
from abate.source.search.paging import NotHeeded, hole
from abate.source.search.received import Received

# So often a query is passed, until two passes bring the same.
PASSES = 3
PARAMETER = "_lastUpdated"

Take = Callable[[Head, bytes], None]
Walk = Callable[[Query, Take, Received], None]
Parts = Sequence[tuple[Query, Received]]


@dataclass(slots=True, kw_only=True)
class Settling:
    """Makes sure that one query has brought all.

    Attributes:
        walk: passes through the pages of a query once.
        take: gets what arrived in no earlier pass.
        received: what the query and its parts have brought so far.
        page_size: how many resources a page was asked for.
        is_confirmed: whether halves have shown it, and not only passes that are alike.
    """

    walk: Walk
    take: Take
    received: Received
    page_size: int
    is_confirmed: bool = True

    def settle(self, query: Query, one: Received) -> None:
        """Make sure that a query, of which a pass has brought `one`, has brought all.

        Raises:
            IncompletePull: it has not, or that cannot be known.
        """
        if one.is_short:
            raise hole(query, None, f"a part has {one.expected}, and {one.received} arrived")
        if one.expected == one.received:
            return
        before, parts = len(one.fitting), self._in_halves(query, one)
        if not _agrees(one, before, parts):
            for half, part in parts:
                self.settle(half, part)
        together = _together(part for _, part in parts)
        one.fitting.update(together)
        if not parts or len(one.fitting) > len(together):
            self._pass_again(query, one)

    def _in_halves(self, query: Query, one: Received) -> Parts:
        """What the halves of a query bring; none if it cannot be halved, or need not be."""
        halves = halved(query, one.walked.times) if one.walked.is_doubtful(self.page_size) else []
        try:
            return [(half, self._passed(half)) for half in halves]
        except NotHeeded:
            return []

    def _passed(self, query: Query) -> Received:
        part = Received()
        self.walk(query, self._take_new, part)
        self.received.pages += part.pages
        return part

    def _take_new(self, head: Head, raw: bytes) -> None:
        if self.received.fitting.add(head.id):
            self.take(head, raw)

    def _pass_again(self, query: Query, one: Received) -> None:
        """Pass a query again, until two passes bring the same, and the later one no id twice.

        A row that changes while one pages comes twice too: the next pass is without it.
        """
        self.is_confirmed = False
        unsound = int(one.walked.is_unsound)
        for _ in range(1, PASSES):
            before, again = len(one.fitting), self._passed(query)
            one.fitting.update(again.fitting)
            unsound += again.walked.is_unsound
            is_same = before == len(one.fitting) == len(again.fitting)
            if is_same and not again.walked.is_unsound:
                return
        raise hole(query, None, f"the server gives no count, and {_words(unsound)}")


def halved(query: Query, times: Sequence[float]) -> list[Query]:
    """A query in two stretches of `_lastUpdated`, with about as many rows; none if it has no two.

    Args:
        query: what is halved.
        times: when the rows that it brought were changed, in seconds since 1970.
    """
    window = query.window or Window.of_all(PARAMETER, query.since)
    # To the second: some servers search by nothing finer.
    seconds = np.unique(np.floor(times))
    if window.parameter != PARAMETER or len(seconds) < 2:
        return []
    middle = datetime.fromtimestamp(float(seconds[len(seconds) // 2]), UTC)
    if not window.start < middle < window.end:
        return []
    ends = ((window.start, middle), (middle, window.end))
    return [
        query.of(since=None, window=Window(parameter=PARAMETER, start=start, end=end))
        for start, end in ends
    ]


def _agrees(one: Received, before: int, parts: Parts) -> bool:
    """Whether parts brought the same as the `before` ids of the whole, and no id twice."""
    together = _together(part for _, part in parts)
    both = _together([one])
    both.update(together)
    is_sound = not any(part.walked.is_unsound for _, part in parts)
    return is_sound and len(both) == before == len(together)


def _together(parts: Iterable[Received]) -> Seen:
    """All ids that some parts brought."""
    found = Seen()
    for part in parts:
        found.update(part.fitting)
    return found


def _words(unsound: int) -> str:
    if unsound > 1:
        return "ids come twice in each pass: its pages overlap, and others may be missing"
    return f"{PASSES} passes brought different ids"
