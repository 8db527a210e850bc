"""What the store has of a server, for a pull of changes only.

The store is open only for a moment, and never while waiting for a server.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Self

import msgspec

from abate.config.settings import Settings
from abate.fhir.versions import Version
from abate.mapping import mapper, people, statements
from abate.mapping.code_lists import CodeLists
from abate.mapping.roles import Role
from abate.store import pull_remarks
from abate.store.database import Store, read_store
from abate.store.evidence import Search


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The patients in the store, by their ids.

    Attributes:
        index: the patients of all index procedures, in order.
        studied: these, and the patients merged with them; of others no content is kept.
        records: the patients whose Patient resource is in the store.
    """

    index: Sequence[str]
    studied: frozenset[str]
    records: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The store as the pull sees it.

    Attributes:
        path: the store's file, which may not exist yet.
        server: the base URL.
        roles: what the study's codes mean to it.
        lists: all code lists.
        reading: a digest of all that decides what is pulled and how it is read.
        since: the store may lack changes after this moment of the server's clock; None if the
            store is empty, or was read in another way.
        moment: the watermark itself, which is later than `since` by the overlap.
        strategy: the strategy of the last pull.
        run_id: the run that loaded it; empty if there was none.
        is_read_before: whether the store was read in the same way.
        is_compared: compare all ids, even if the counts agree.
        held: the types of which the store has resources, however they were read.
        searches: what is known of the server's searches, by type.
        is_whole: pull everything, and use nothing that an earlier run has landed.
    """

    path: Path
    server: str
    roles: Sequence[Role]
    lists: CodeLists
    reading: str
    since: datetime | None = None
    moment: datetime | None = None
    strategy: str = ""
    run_id: str = ""
    is_read_before: bool = False
    is_compared: bool = False
    held: frozenset[str] = frozenset()
    searches: Mapping[str, Search] = field(default_factory=dict)
    is_whole: bool = False
    _people: list[People] = field(default_factory=list, compare=False)

    def ids(self, kind: str) -> set[str]:
        """Return the ids of all resources of a type."""
        sql = "select id from resource where server = $server and type = $kind"
        with read_store(self.path) as store:
            rows = store.rows(sql, {"server": self.server, "kind": kind})
            return {identifier for (identifier,) in rows}

    def versions(self, kind: str) -> dict[str, Version]:
        """Return the version of each resource of a type, by id."""
        table = kind.lower()
        sql = f"select id, version, last_updated from {table} where server = $server"  # noqa: S608 - a name of ours
        with read_store(self.path) as store:
            rows = store.rows(sql, {"server": self.server})
        return {key: Version(number, updated) for key, number, updated in rows}

    def types_without_filter(self) -> list[str]:
        """Return the types of which an export with a filter finds nothing."""
        if self.since is None:
            return []
        with read_store(self.path) as store:
            return pull_remarks.read_unfiltered(store, self.server)

    def people(self) -> People:
        """The patients in the store, read once."""
        if not self._people:
            with read_store(self.path) as store:
                self._people.append(_people(store, self.server, self.roles))
        return self._people[0]

    def one_with(self, kind: str) -> list[str]:
        """Return a patient of whom the store has resources of a type, as a list of at most one."""
        sql = f"""
            select patient_id from {kind.lower()}
            where server = $server and patient_id is not null
            order by id limit 1
        """  # noqa: S608 - a name of ours
        with read_store(self.path) as store:
            return [patient for (patient,) in store.rows(sql, {"server": self.server})]

    def with_watermark(self) -> Self:
        """Return the state with the watermark of the last pull, if it was read in the same way."""
        if not self.path.exists():
            return self
        sql = """
            select moment, strategy, run_id from watermark
            where server = $server and reading = $reading
        """
        with read_store(self.path) as store:
            if not store.rows("from duckdb_tables() where table_name = 'watermark'"):
                return self  # An earlier version of abate made the store.
            rows = store.rows(sql, {"server": self.server, "reading": self.reading})
            known = replace(self, held=_held(store, self.server), searches=_searches(store, self))
        if not rows:
            return known
        [(moment, strategy, run_id)] = rows
        if moment is None:
            return replace(known, run_id=run_id)
        return replace(
            known,
            since=moment,
            moment=moment,
            strategy=strategy,
            run_id=run_id,
            is_read_before=True,
        )

    def for_pull(self, overlap: timedelta, *, is_whole: bool, is_compared: bool) -> Self:
        """Return the state for a pull of everything, or of the changes since the overlap."""
        if self.since is None or is_whole:
            return replace(self, since=None, moment=None, is_whole=is_whole)
        return replace(self, since=self.since - overlap, is_compared=is_compared)

    @property
    def key(self) -> str:
        """The digest of all that makes landed units belong to the same pull.

        It has the last run that loaded: what that run had landed is not used again.
        """
        pull = [self.server, self.reading, str(self.since), self.strategy, self.is_compared]
        return _digest([*pull, self.run_id])


def _people(store: Store, server: str, roles: Sequence[Role]) -> People:
    whose = {"server": server}
    mapper.register(store, roles)
    studied = people.find_studied(store, server)
    records = store.rows("select id from patient where server = $server", whose)
    return People(
        index=[patient for (patient,) in store.rows(statements.sql("index_patients"), whose)],
        studied=frozenset(studied),
        records=frozenset(patient for (patient,) in records),
    )


def _held(store: Store, server: str) -> frozenset[str]:
    rows = store.rows(
        "select distinct type from resource where server = $server", {"server": server}
    )
    return frozenset(kind for (kind,) in rows)


def _searches(store: Store, kept: ServerState) -> dict[str, Search]:
    if not store.rows("from duckdb_tables() where table_name = 'search'"):
        return {}  # An earlier version of abate made the store.
    sql = "select type, parameter, state, day, capability from search where server = $server"
    names = Search.__struct_fields__
    rows = store.rows(sql, {"server": kept.server})
    return {row[0]: Search(**dict(zip(names, row, strict=True))) for row in rows}


def keep_searches(store: Store, server: str, searches: Iterable[Search]) -> None:
    """Store what is known of a server's searches; the caller holds the transaction."""
    store.run("delete from search where server = $server", {"server": server})
    rows = [
        (search.type, search.parameter, search.state, search.day, search.capability)
        for search in searches
    ]
    store.insert("search", [(server, *row) for row in rows])


def keep(
    store: Store, kept: ServerState, moment: datetime | None, strategy: str, run_id: str
) -> None:
    """Move the watermark to `moment`; the caller holds the transaction.

    If it is None, because the server gives no time, the next run pulls everything.
    """
    store.run("delete from watermark where server = $server", {"server": kept.server})
    store.insert("watermark", [(kept.server, kept.reading, moment, strategy, run_id)])


def read_state(
    path: Path,
    settings: Settings,
    plugins: Mapping[str, str],
    roles: Sequence[Role],
    lists: CodeLists,
) -> ServerState:
    """Return what a store has of the study's source.

    Args:
        path: the store's file, which may not exist yet.
        settings: the settings of the study.
        plugins: the version of each plugin that may read a score.
        roles: what the study's codes mean to it.
        lists: all code lists.
    """
    source = settings.source
    reading = _digest(
        [
            version("abate"),
            statements.fingerprint(),
            [[name, version] for name, version in plugins.items()],
            [msgspec.to_builtins(asdict(role)) for role in roles],
            msgspec.to_builtins(lists),
            [
                source.timezone,
                source.strategy,
                source.patients,
                source.export,
                msgspec.to_builtins(source.query.categories),
                source.withheld,
                settings.output.keep_raw,
            ],
        ]
    )
    return ServerState(
        path=path,
        server=source.url,
        roles=roles,
        lists=lists,
        reading=reading,
    ).with_watermark()


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
