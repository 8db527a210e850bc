"""The received resources of a query, compared with the server's count."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from abate.fhir.bundle import Head
from abate.source.id_set import IdSet
from abate.store.ledger import LedgerLine
from abate.telemetry.log import Log

# How many pages in a row may have nothing new: rows deleted during paging leave empty pages (HAPI
# 8.8, 2026-11).
IDLE_PAGES = 50


@dataclass(slots=True)
class Pass:
    """One pass through the pages of a query or a history.

    Attributes:
        ids: the ids of all received rows.
        links: the next links that were followed.
        idle: how many pages in a row held nothing new.
        pages: the number of pages.
        repeats: how many rows were received before in the same pass.
        times: `lastUpdated` of the rows that have it, in seconds since 1970.
    """

    ids: IdSet = field(default_factory=IdSet)
    links: set[str] = field(default_factory=set)
    idle: int = 0
    pages: int = 0
    repeats: int = 0
    times: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, head: Head) -> bool:
        """Add a row; return whether it is new."""
        is_new = self.ids.add(head.id)
        if is_new and (moment := head.last_updated) is not None:
            self.times.append(moment.timestamp())
        self.repeats += not is_new
        return is_new

    def is_idle(self, page: int) -> bool:
        """Count a page with `page` new ids; return whether `IDLE_PAGES` in a row had none."""
        self.pages += 1
        self.idle = 0 if page else self.idle + 1
        return self.idle == IDLE_PAGES

    @property
    def is_unsound(self) -> bool:
        """Whether an id was received twice, so that another one may be missing."""
        return self.repeats > 0 and (self.pages > 1 or len(self.ids) > 1)

    def is_doubtful(self, page_size: int) -> bool:
        """Return whether rows could be missing: the pass had several pages or a full one."""
        return self.is_unsound or self.pages > 1 or len(self.ids) >= page_size


@dataclass(slots=True, kw_only=True)
class Received:
    """The received resources of a query.

    Attributes:
        expected: the server's count; None if it gives none.
        fitting: the ids of the resources that match the query.
        counted: the matching ids received since the query was last started again.
        outside: the matching ids that were changed outside of the query's window.
        others: the ids of received resources that do not match.
        unwanted: the matching ids without any of the codes that abate filters itself.
        strays: the number of resources that do not match, by the parameter that was ignored.
        pages: the number of pages.
        is_heeded: whether the first page held only matching resources.
        is_understood: whether the server reports that it understood the parameters.
        is_by_category: whether the query was restricted to some categories.
        is_settled: whether the result is known to be complete without a count.
        walked: the last pass through the pages.
    """

    expected: int | None = None
    fitting: IdSet = field(default_factory=IdSet)
    counted: IdSet = field(default_factory=IdSet)
    outside: IdSet = field(default_factory=IdSet)
    others: IdSet = field(default_factory=IdSet)
    unwanted: IdSet = field(default_factory=IdSet)
    strays: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    is_heeded: bool = True
    is_understood: bool = False
    is_by_category: bool = False
    is_settled: bool = False
    walked: Pass = field(default_factory=Pass)

    @property
    def is_confirmed(self) -> bool:
        """Whether more than identical passes shows that nothing is missing."""
        return not self.is_by_category and (self.expected is not None or self.is_settled)

    @property
    def received(self) -> int:
        """The number of distinct resources to compare with `expected`.

        A server that ignores a parameter also counts resources that do not match. A server whose
        next link drops the parameter counts only matching resources inside the window, since its
        link drops the window as well.
        """
        is_dropped = bool(self.strays) and self.is_heeded
        return len(self.counted) + self.left_out - (len(self.outside) if is_dropped else 0)

    @property
    def is_empty(self) -> bool:
        """Whether the server sent nothing."""
        return not self.fitting and not self.left_out

    @property
    def left_out(self) -> int:
        """The number of distinct resources that the server counts but that do not match."""
        return len(self.unwanted) + (0 if self.is_heeded else len(self.others))

    def begin_again(self) -> None:
        """Reset the counts, since the query is started again after a next link expired."""
        self.counted, self.outside = IdSet(), IdSet()
        self.others, self.unwanted = IdSet(), IdSet()

    @property
    def is_short(self) -> bool:
        """Whether fewer resources were received than the server counts."""
        return self.expected is not None and self.received < self.expected


@dataclass(slots=True)
class LiveCounts:
    """Counts what arrives, and logs it page by page; threads may share it."""

    log: Log
    lines: dict[tuple[str, str], LedgerLine] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def expect(self, query: str, kind: str, expected: int | None) -> None:
        """So many are to come of a query, over all its parts."""
        with self.lock:
            self.lines[query, kind] = LedgerLine(
                query=query, type=kind, expected=expected, received=0, pages=0
            )

    def page(self, query: str, kind: str, new: int) -> None:
        """One more page, with so many new resources."""
        with self.lock:
            known = self.lines.get((query, kind))
            received = (known.received if known else 0) + new
            expected = known.expected if known else None
            line = LedgerLine(
                query=query,
                type=kind,
                # A count of one part of the query says nothing of the others.
                expected=None if expected is None or received > expected else expected,
                received=received,
                pages=(known.pages if known else 0) + 1,
            )
            self.lines[query, kind] = line
        self.log.info(f"pulling {line}", name="query.page", **line.fields)
