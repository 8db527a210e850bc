"""One pull by search: lands what the queries bring, and keeps the books."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from abate.errors import NothingFound
from abate.fhir.bundle import Head
from abate.fhir.references import local_id
from abate.source.concurrency import at_once
from abate.source.id_set import Seen
from abate.source.plan import PATIENTS, SCORES, Plan
from abate.source.query import IDS_A_QUERY, Query, Window, bare, in_pieces
from abate.source.required_data import heads
from abate.source.search.completeness import Asker
from abate.source.search.paging import NotHeeded
from abate.source.search.partitions import divided
from abate.store.evidence import Evidence
from abate.store.landing import Landing, Record, Unit
from abate.store.ledger import Ledger, Line
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import Kept


# So many patients' resources land as one unit.
PATIENTS_A_UNIT = 50

# So many that a list did not bring are asked for alone, before that is taken for the server's way.
TRIED_ALONE = 3

Task = Callable[[], Record]


@dataclass(slots=True, kw_only=True)
class Pull:
    """One pull, whatever its strategy.

    Attributes:
        parallel: how many queries are under way at once.
        takes_link: whether the server finds Patients by their links; it is tried.
        has_history: whether the server tells the history of Patients.
        patients_a_query: how many patients stand in one search.
        evidence: which searches are known to find what is there.
    """

    asker: Asker
    plan: Plan
    landing: Landing
    log: Log
    kept: "Kept"
    parallel: int = 1
    takes_link: bool = True
    has_history: bool = False
    patients_a_query: int = 1
    evidence: Evidence = field(default_factory=Evidence)
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def base(self) -> str:
        """The server's base URL."""
        return self.asker.pager.server.base

    def whole(self, query: Query) -> None:
        """Land all that answers a query, several parts at once.

        Raises:
            IncompletePull: the parts together brought less than the server has.
        """
        parts = self._parts(query)
        records = self._at_once([self._task(query, [part]) for part in parts])
        if len(parts) == 1:
            self.enter(query, records[0])
        else:
            self._together(query, parts, sum(one.pages for one in records))

    def _parts(self, query: Query) -> list[Query]:
        """The same parts as a run before this one took, if it was killed."""
        note = f"windows-{_slug(query.name)}"
        if (kept := self.landing.recall(note)) is not None:
            windows = msgspec.json.decode(kept, type=list[Window])
            return [query.of(window=one) for one in windows] or [query]
        expected = self.asker.pager.count(query) if self.parallel > 1 else None
        self.asker.tally.expect(query.name, query.type, expected)
        parts = divided(self.asker, query, expected or 0, 2 * self.parallel)
        windows = [part.window for part in parts if part.window is not None]
        self.landing.remember(note, msgspec.json.encode(windows))
        return parts

    def _together(self, query: Query, parts: Sequence[Query], pages: int) -> None:
        """Enter what the parts brought; asked once undivided where that is too little.

        The undivided question is a hole by itself, where it brings less than the server counts.
        """
        seen, expected, left_out = Seen(), self.asker.pager.count(query), 0
        is_confirmed = not query.is_by_category
        for part in parts:
            seen.read(self.landing.folder / _name(query, [part]))
        if expected is None or len(seen) < expected:
            record = self._task(query, [query])()
            seen.read(self.landing.folder / _name(query, [query]))
            expected, pages = record.expected, pages + record.pages
            left_out, is_confirmed = record.left_out, record.is_confirmed
        self.ledger.add(
            Line(
                query=query.name,
                type=query.type,
                expected=expected,
                received=len(seen) + left_out,
                pages=pages,
                left_out=left_out,
                is_confirmed=is_confirmed,
            )
        )

    def patients(
        self, wanted: Iterable[str], known: Iterable[str] = (), survivors: Iterable[str] = ()
    ) -> list[str]:
        """Land the Patients with these ids, and those that they were merged with; all their ids.

        Args:
            wanted: their ids.
            known: those that need not come, since the store has them.
            survivors: those among them who may be the survivors of others that it has not.
        """
        there = set(known)
        asked = self._with_merged([*survivors, *self._landed("Patient", there)], there)
        wanted = [*wanted, *self._merged_with()]
        query = Query(name=PATIENTS, type="Patient")
        while missing := [one for one in dict.fromkeys(wanted) if one not in there]:
            pieces = in_pieces(missing, IDS_A_QUERY)
            self.each(query, [query.of(ids=some) for some in pieces], IDS_A_QUERY)
            self._one_by_one(query, missing)
            asked += self._with_merged(missing, there)
            wanted = self._merged_with()
        return asked

    def _with_merged(self, survivors: list[str], there: set[str]) -> list[str]:
        """These, and all who were merged into them, one after the other; `there` has them all."""
        found: list[str] = []
        while survivors:
            found += survivors
            there.update(survivors)
            self._land_merged(survivors)
            survivors = self._landed("Patient", there)
        return found

    def _landed(self, kind: str, known: set[str]) -> list[str]:
        """The ids of a type that have landed and are not known."""
        found = dict.fromkeys(head.id for head in self._heads(kind))
        return [one for one in found if one not in known]

    def _land_merged(self, survivors: Sequence[str]) -> None:
        """Land those who were merged into these: only their own record may tell it."""
        query = Query(name=PATIENTS, type="Patient")
        pieces = in_pieces(survivors, IDS_A_QUERY)
        if not self.takes_link:
            return
        try:
            self.each(query, [query.of(linked=some) for some in pieces], IDS_A_QUERY)
        except NotHeeded as fault:
            self.takes_link = False
            self.asker.pager.warn(
                f"{fault} Patients who were merged are found only where the survivor's record "
                "tells of it."
            )

    def _one_by_one(self, query: Query, wanted: Sequence[str]) -> None:
        """Ask again for those that a list of ids has not brought: some servers take no list."""
        here = {head.id for head in self._heads("Patient")}
        absent = [one for one in wanted if one not in here]
        if len(wanted) == 1 or not absent:
            return
        tried, others = absent[:TRIED_ALONE], absent[TRIED_ALONE:]
        self.each(query, [query.of(ids=(one,)) for one in tried], 1)
        if others and not here.issuperset({head.id for head in self._heads("Patient")}):
            self.asker.pager.warn("the server takes no list of ids: each is asked for by itself")
            self.each(query, [query.of(ids=(one,)) for one in others], 1)

    def each(
        self, query: Query, asked: Sequence[Query], ids: int, *, is_change: bool = False
    ) -> None:
        """Land many queries of `ids` patients each, some of them as one unit.

        With `is_change`, they are not all that the study has of the type.
        """
        groups = list(in_pieces(asked, max(1, PATIENTS_A_UNIT // ids)))
        done = _Done(log=self.log, query=query, of=sum(one.people for one in asked))
        tasks = [
            done.after(self._task(query, group, is_change=is_change), group) for group in groups
        ]
        records = self._at_once(tasks)
        for record in records:
            self.enter(query, record)

    def enter(self, query: Query, record: Record) -> None:
        """Enter in the books what a unit brought for a query, or a part of it."""
        self.ledger.add(
            Line(
                query=query.name,
                type=query.type,
                expected=record.expected,
                received=record.received + record.left_out,
                pages=record.pages,
                left_out=record.left_out,
                is_confirmed=record.is_confirmed,
            )
        )

    def index_patients(self) -> list[str]:
        """The patients of the index procedures that landed, each once, in their order."""
        ids = (
            local_id(head.subject_reference, "Patient", self.base) for head in self._index_heads()
        )
        return list(dict.fromkeys(one for one in ids if one))

    def refuse_nothing(self) -> None:
        """Stop where there is nothing to study.

        Raises:
            NothingFound: no index procedure landed, or none of a patient of this server.
        """
        found, codes = self.index_procedures(), len(self.plan.index.tokens)
        if not found:
            raise NothingFound(
                f"{self.base} has no procedure with one of the {codes} codes of [index]. Check the "
                "codes, or add the server's own to a code list of yours ([codes] directory)."
            )
        patients = self.index_patients()
        if not patients:
            raise NothingFound(
                f"{self.base} has {found} index procedures, and none names a patient of that "
                "server as its subject. Check that [source] url is the address that the server "
                "calls itself by in its references."
            )
        self.log.info(
            f"{found} index procedures of {len(patients)} patients",
            name="patients.found",
            procedures=found,
            patients=len(patients),
        )

    def refuse_no_scores(self) -> None:
        """Stop where no pain score was found.

        Raises:
            NothingFound: as it says.
        """
        if not self.ledger.received(SCORES):
            raise NothingFound(
                f"{self.base} has {self.index_procedures()} index procedures and no pain score "
                "with one of the codes of [scores]. Check those codes."
            )

    def index_procedures(self) -> int:
        """How many index procedures landed."""
        return len({head.id for head in self._index_heads()})

    def _index_heads(self) -> Iterator[Head]:
        codes = {bare(token) for token in self.plan.index.tokens}
        return (head for head in self._heads("Procedure") if not codes.isdisjoint(head.codes))

    def merged(self, people: Iterable[str]) -> list[str]:
        """These, and all who were merged with one of them by what the landed Patients say."""
        found, pairs = dict.fromkeys(people), list(self._merges())
        size = -1
        while size != len(found):
            size = len(found)
            found |= dict.fromkeys(
                one for pair in pairs if not found.keys().isdisjoint(pair) for one in pair
            )
        return list(found)

    def _merged_with(self) -> Iterator[str]:
        """Whom the landed Patients were merged into, and who was merged into them."""
        return (other for _, other in self._merges())

    def _merges(self) -> Iterator[tuple[str, str]]:
        """Each landed Patient with one whom it was merged with."""
        for head in self._heads("Patient"):
            for reference in (*head.linked("replaced-by"), *head.linked("replaces")):
                other = local_id(reference, "Patient", self.base)
                if other is not None:
                    yield head.id, other

    def _heads(self, kind: str) -> Iterator[Head]:
        return heads(self.landing, kind)

    def _task(self, query: Query, asked: Sequence[Query], *, is_change: bool = False) -> Task:
        """What lands some queries as one unit, unless it landed before."""

        def land() -> Record:
            name = _name(query, asked)
            if self.landing.has(name):
                return self.landing.records[name]
            self.log.info(
                f"asking: {query.name}", name="query.begin", query=query.name, type=query.type
            )
            with self.landing.unit(name) as unit:
                record = self._brought(query, asked, unit)
                unit.record = msgspec.structs.replace(record, is_change=is_change)
            return self.landing.records[name]

        return land

    def _at_once(self, tasks: Sequence[Task]) -> list[Record]:
        return at_once(tasks, self.parallel, self.asker.pager.server.budget.halted)

    def _brought(self, query: Query, asked: Sequence[Query], unit: Unit) -> Record:
        seen, pages, left_out, is_confirmed = Seen(), 0, 0, True
        counts: list[int | None] = []

        def take(head: Head, raw: bytes) -> None:
            if seen.add(head.id):  # It may answer to several patients: where none is its subject.
                unit.write(query.type, raw)

        for one in asked:
            brought = self.asker.bring(one, take)
            counts.append(brought.expected)
            pages += brought.pages
            left_out += brought.left_out
            is_confirmed = is_confirmed and brought.is_confirmed
        seen.save(unit.folder)
        expected = None if None in counts else sum(one for one in counts if one is not None)
        return Record(
            query=query.name,
            type=query.type,
            expected=expected,
            received=len(seen),
            pages=pages,
            left_out=left_out,
            is_confirmed=is_confirmed,
        )


@dataclass(slots=True, kw_only=True)
class _Done:
    """Says how many patients are here, as units land; threads may share it."""

    log: Log
    query: Query
    of: int
    people: int = 0
    lock: Lock = field(default_factory=Lock)

    def after(self, task: Task, group: Sequence[Query]) -> Task:
        """The same task, and a word when it is done."""

        def done() -> Record:
            record = task()
            with self.lock:
                self.people += sum(one.people for one in group)
                people = self.people
            self.log.info(
                f"{self.query.name}: {people} of {self.of} patients are here",
                name="patients.done",
                received=people,
                expected=self.of,
            )
            return record

        return done


def _name(query: Query, asked: Sequence[Query]) -> str:
    """The name of a unit: the same question has the same name in each run."""
    text = "\n".join(f"{one.type}?{one.pairs}" for one in asked)
    return f"{_slug(query.name)}-{sha256(text.encode()).hexdigest()[:16]}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
