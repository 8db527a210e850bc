"""One pull by search: land the results of the queries and record the counts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from abate.errors import NothingFound
from abate.fhir.bundle import Head
from abate.fhir.references import local_id
from abate.source.concurrency import at_once
from abate.source.id_set import IdSet
from abate.source.plan import SCORES, Plan
from abate.source.query import Query, bare, in_pieces
from abate.source.required_data import heads
from abate.source.search.completeness import Fetcher
from abate.source.search.paging import Pager
from abate.source.search.received import Received
from abate.store.evidence import Evidence
from abate.store.landing import Landing, Record
from abate.store.ledger import Ledger, LedgerLine
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import ServerState

# How many patients' resources are landed as one unit.
PATIENTS_A_UNIT = 50

# The queries that are landed together.
Asked = Sequence[Query]


@dataclass(slots=True, kw_only=True)
class Pull:
    """One pull, whatever its strategy.

    Attributes:
        parallel: how many queries run at once.
        takes_link: whether the server finds Patients by their links; True until a search fails.
        has_history: whether the server supports the history of Patients.
        patients_a_query: how many patients one search contains.
        evidence: which searches are known to find what is there.
    """

    fetcher: Fetcher
    plan: Plan
    landing: Landing
    log: Log
    kept: "ServerState"
    parallel: int = 1
    takes_link: bool = True
    has_history: bool = False
    patients_a_query: int = 1
    evidence: Evidence = field(default_factory=Evidence)
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def pager(self) -> Pager:
        """The pager of the server."""
        return self.fetcher.pager

    @property
    def base(self) -> str:
        """The server's base URL."""
        return self.pager.server.base

    def land(self, query: Query, units: Sequence[Asked], *, is_change: bool = False) -> None:
        """Land the queries of several units, some in parallel, and record the counts.

        Args:
            query: the whole query.
            units: the queries that it is divided into; those of one unit are landed together.
            is_change: whether the result is only the changes and not all of the type.

        Raises:
            IncompletePull: fewer resources were received than the server has.
        """
        done = _Progress(
            log=self.log,
            query=query,
            of=sum(received.people for unit in units for received in unit),
        )
        land_unit = partial(self._land_unit, query, done, is_change)
        if self.parallel == 1 or len(units) == 1:
            records = list(map(land_unit, units))
        else:
            halt = self.pager.server.budget.halt
            records = at_once([partial(land_unit, unit) for unit in units], self.parallel, halt)
        if len(units) > 1 and units[0][0].window is not None:
            self._enter_parts(query, units, pages=sum(record.pages for record in records))
        else:
            for record in records:
                self.enter(query, record)

    def _land_unit(self, query: Query, done: "_Progress", is_change: bool, asked: Asked) -> Record:
        """Land queries as one unit, unless an earlier run landed it."""
        name = _name(query, asked)
        if not self.landing.has(name):
            self.log.info(
                f"asking: {query.name}", name="query.begin", query=query.name, type=query.type
            )
            ids, received = IdSet(), list[Received]()
            with self.landing.unit(name) as unit:

                def take(head: Head, raw: bytes) -> None:
                    if ids.add(head.id):  # Several patients' queries may return it.
                        unit.write(query.type, raw)

                for part in asked:
                    received.append(self.fetcher.fetch(part, take))
                ids.save(unit.folder)
                unit.record = _record(query, received, len(ids), is_change=is_change)
        done.add(asked)
        return self.landing.records[name]

    def _enter_parts(self, query: Query, units: Sequence[Asked], pages: int) -> None:
        """Record the counts of a query's parts; repeat it undivided if resources are missing.

        Raises:
            IncompletePull: the undivided query also returns less than the server counts.
        """
        ids, expected, left_out = IdSet(), self.pager.count(query), 0
        is_confirmed = not query.is_by_category
        for asked in units:
            ids.read(self.landing.folder / _name(query, asked))
        if expected is None or len(ids) < expected:
            record = self._land_unit(
                query, _Progress(log=self.log, query=query, of=0), False, [query]
            )
            ids.read(self.landing.folder / _name(query, [query]))
            expected, pages = record.expected, pages + record.pages
            left_out, is_confirmed = record.left_out, record.is_confirmed
        self.ledger.add(
            LedgerLine(
                query=query.name,
                type=query.type,
                expected=expected,
                received=len(ids) + left_out,
                pages=pages,
                left_out=left_out,
                is_confirmed=is_confirmed,
            )
        )

    def enter(self, query: Query, record: Record) -> None:
        """Record in the ledger the counts of a unit of a query."""
        self.ledger.add(
            LedgerLine(
                query=query.name,
                type=query.type,
                expected=record.expected,
                received=record.received + record.left_out,
                pages=record.pages,
                left_out=record.left_out,
                is_confirmed=record.is_confirmed,
            )
        )

    def refuse_nothing(self) -> None:
        """Stop if there are no index procedures to study.

        Raises:
            NothingFound: no index procedure landed, or none has a patient of this server.
        """
        number, codes = self.index_procedures(), len(self.plan.index.tokens)
        if not number:
            raise NothingFound(
                f"{self.base} has no procedure with one of the {codes} codes of [index]. Check the "
                "codes, or add the server's own to a code list of yours ([codes] directory)."
            )
        patients = self.index_patients()
        if not patients:
            raise NothingFound(
                f"{self.base} has {number} index procedures, but none has a patient of this "
                "server as its subject. Check that [source] url is the base URL that the server "
                "uses in its references."
            )
        self.log.info(
            f"{number} index procedures of {len(patients)} patients",
            name="patients.found",
            procedures=number,
            patients=len(patients),
        )

    def refuse_no_scores(self, left: Sequence[Query] = ()) -> None:
        """Stop if no pain score was found, unless `left` still contains their query.

        Raises:
            NothingFound: there are no pain scores with the study's codes.
        """
        is_left = any(query.name == SCORES for query in left)
        if not is_left and not self.ledger.count_received(SCORES):
            raise NothingFound(
                f"{self.base} has {self.index_procedures()} index procedures but no pain score "
                "with one of the codes of [scores]. Check those codes."
            )

    def index_procedures(self) -> int:
        """Return the number of landed index procedures."""
        return len({head.id for head in self._index_heads()})

    def _index_heads(self) -> Iterator[Head]:
        codes = {bare(token) for token in self.plan.index.tokens}
        return (
            head for head in heads(self.landing, "Procedure") if not codes.isdisjoint(head.codes)
        )

    def index_patients(self) -> list[str]:
        """Return the distinct ids of the landed index procedures' patients, in order."""
        ids = (
            local_id(head.subject_reference, "Patient", self.base) for head in self._index_heads()
        )
        return list(dict.fromkeys(identifier for identifier in ids if identifier))


@dataclass(slots=True, kw_only=True)
class _Progress:
    """Logs for how many patients resources have landed; safe for threads."""

    log: Log
    query: Query
    of: int
    people: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, asked: Asked) -> None:
        """Count a landed unit."""
        if not self.of:
            return
        with self.lock:
            self.people += sum(query.people for query in asked)
            people = self.people
        self.log.info(
            f"{self.query.name}: {people} of {self.of} patients landed",
            name="patients.done",
            received=people,
            expected=self.of,
        )


def in_units(asked: Sequence[Query], patients: int) -> list[Asked]:
    """Group queries of `patients` patients each into units of about `PATIENTS_A_UNIT`."""
    return list(in_pieces(asked, max(1, PATIENTS_A_UNIT // patients)))


def slug(name: str) -> str:
    """Return a name in letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _name(query: Query, asked: Asked) -> str:
    """Return the name of a unit; the same query has the same name in each run."""
    text = "\n".join(f"{query.type}?{query.pairs}" for query in asked)
    return f"{slug(query.name)}-{sha256(text.encode()).hexdigest()[:16]}"


def _record(query: Query, received: Sequence[Received], ids: int, *, is_change: bool) -> Record:
    """Return the record of a unit with `ids` distinct ids."""
    counts = [part.expected for part in received if part.expected is not None]
    return Record(
        query=query.name,
        type=query.type,
        expected=sum(counts) if len(counts) == len(received) else None,
        received=ids,
        pages=sum(part.pages for part in received),
        left_out=sum(part.left_out for part in received),
        is_change=is_change,
        is_confirmed=all(part.is_confirmed for part in received),
    )
