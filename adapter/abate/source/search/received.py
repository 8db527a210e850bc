"""What a query brought, held against what the server says it has."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from abate.fhir.bundle import Head
from abate.source.id_set import IdSet
from abate.store.ledger import LedgerLine
from abate.telemetry.log import Log

# So many pages in a row may bring nothing new: rows deleted on the way leave empty ones (HAPI).
IDLE_PAGES = 50


@dataclass(slots=True)
class Pass:
    """One pass through the pages of a query or a history.

    Attributes:
        ids: of all that came.
        links: the next links that were followed.
        idle: how many pages in a row brought nothing new.
        pages: how many there were.
        repeats: how many rows had come before in the same pass.
        times: when the rows were changed last, in seconds since 1970, of those that say so.
    """

    ids: IdSet = field(default_factory=IdSet)
    links: set[str] = field(default_factory=set)
    idle: int = 0
    pages: int = 0
    repeats: int = 0
    times: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, head: Head) -> bool:
        """One more row; whether it is new."""
        is_new = self.ids.add(head.id)
        if is_new and (moment := head.last_updated) is not None:
            self.times.append(moment.timestamp())
        self.repeats += not is_new
        return is_new

    def is_idle(self, page: int) -> bool:
        """One more page with `page` new ids: whether `IDLE_PAGES` in a row had none."""
        self.pages += 1
        self.idle = 0 if page else self.idle + 1
        return self.idle == IDLE_PAGES

    @property
    def is_unsound(self) -> bool:
        """Whether an id came twice, so that another may be missing in its place."""
        return self.repeats > 0 and (self.pages > 1 or len(self.ids) > 1)

    def is_doubtful(self, page_size: int) -> bool:
        """Whether a server could have left out something: by its links, or a page that is full."""
        return self.is_unsound or self.pages > 1 or len(self.ids) >= page_size


@dataclass(slots=True, kw_only=True)
class Received:
    """What a query brought.

    Attributes:
        expected: how many the server has; None where it does not say.
        fitting: the ids of the resources that answer.
        counted: those of them that came since the query was last begun anew.
        outside: the ids of those of them that were changed outside of the query's window.
        others: the ids of those that came and do not.
        unwanted: the ids of those that answer and have none of the codes that are looked for here.
        strays: how many these are, by the parameter that was not heeded.
        pages: on how many pages all came.
        is_heeded: whether the first page held only what answers.
        is_understood: whether the server says that it understood the parameters.
        is_by_category: whether only what has some category was asked for.
        is_settled: whether it is known without a count that nothing is missing.
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
        """Whether anything but passes that are alike shows that nothing is missing."""
        return not self.is_by_category and (self.expected is not None or self.is_settled)

    @property
    def received(self) -> int:
        """How many distinct resources stand against what was expected.

        A server that ignores a parameter counts the others too. One that drops it on the way, by a
        next link without it, counts only what answers: in the window, which its link drops as well.
        """
        is_dropped = bool(self.strays) and self.is_heeded
        return len(self.counted) + self.left_out - (len(self.outside) if is_dropped else 0)

    @property
    def is_empty(self) -> bool:
        """Whether the server sent nothing."""
        return not self.fitting and not self.left_out

    @property
    def left_out(self) -> int:
        """How many distinct resources the server counts, that are not among those that fit."""
        return len(self.unwanted) + (0 if self.is_heeded else len(self.others))

    def begin_again(self) -> None:
        """Its next links have expired: what arrived before does not count for what follows."""
        self.counted, self.outside = IdSet(), IdSet()
        self.others, self.unwanted = IdSet(), IdSet()

    @property
    def is_short(self) -> bool:
        """Whether fewer arrived than the server has."""
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
            line = LedgerLine(
                query=query,
                type=kind,
                expected=known.expected if known else None,
                received=(known.received if known else 0) + new,
                pages=(known.pages if known else 0) + 1,
            )
            self.lines[query, kind] = line
        self.log.info(f"pulling {line}", name="query.page", **line.fields)
