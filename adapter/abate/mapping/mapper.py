"""The mapping of landed NDJSON to the store's tables, by SQL.

Each line is mapped, ignored by a rule, or rejected with a reason; if the three do not add up to the
received lines, the run stops. The SQL is in `abate_mappings`, one file for each resource type.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from abate.config.source import Source
from abate.errors import StoreError
from abate.fhir.canonical import SYSTEM, UNIT_TEXT, forms_of
from abate.fhir.types import INDEX_TYPE, MAPPED_NAMES
from abate.mapping.accounts import Accounted
from abate.mapping.code_lists import Code, CodeLists
from abate.mapping.roles import Role
from abate.mapping.scores import ReadScore, ask_plugins
from abate.mapping.statements import sql
from abate.store.database import Parameters, Store
from abate.store.landed_lines import LandedFiles
from abate.store.landing import Landing
from abate.store.pull_remarks import left


def register(store: Store, roles: Sequence[Role], lists: CodeLists | None = None) -> None:
    """Write the study's roles and the code lists into temporary tables for the SQL.

    Queries for the patients in the store need no lists.
    """
    store.script(sql("codes"))
    store.insert("role", [(r.role, r.kind, *_columns(r.code)) for r in roles])
    codes = [(name, *_columns(code)) for name, all_ in (lists or {}).items() for code in all_]
    store.insert("code_list", codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a run reads what landed.

    Attributes:
        run_id: the run.
        study_digest: the study file's.
        source: the server, and the zone of its times.
        keeps_raw: whether the store keeps the resources as JSON.
        read_score: asks the plugins to read an Observation that the mapping cannot read.
        is_anew: whether a resource of the same version may be read in another way than before.
    """

    run_id: str
    study_digest: str
    source: Source
    keeps_raw: bool = False
    read_score: ReadScore | None = None
    is_anew: bool = True


def load(store: Store, landing: Landing, reading: Reading) -> list[Accounted]:
    """Map the landed lines and merge them into the store; the caller holds the transaction.

    If all resources of a type landed, a stored resource that is not among them was deleted on the
    server: its row is deleted. If only changes landed, the pull knows the deleted ids.

    Raises:
        StoreError: received is not mapped + ignored + rejected.
    """
    source, run_id = reading.source, reading.run_id
    batch = _Batch(
        store=store,
        run_id=run_id,
        read_score=reading.read_score,
        has_leavers=bool(left(landing)),
        parameters={
            "keep_raw": reading.keeps_raw,
            "asks_plugins": reading.read_score is not None,
            "score_codes": _score_codes(store),
            "sides": _sides(store),
            "server": source.url,
            "source_zone": source.timezone,
            "own_systems": list(forms_of(SYSTEM)),
            "unit_texts": list(forms_of(UNIT_TEXT)),
            "run_id": run_id,
            "is_read_anew": reading.is_anew,
        },
    )
    store.script(sql("gone"))
    store.insert("gone", [(kind, key) for kind in MAPPED_NAMES for key in landing.gone(kind)])
    store.insert("left_group", [(patient,) for patient in left(landing)])
    store.insert(
        "run", [(run_id, source.url, datetime.now(UTC), reading.study_digest, version("abate"))]
    )
    counts = [
        batch.load(
            kind,
            LandedFiles(landing.paths(kind), landing.file),
            {"is_whole": landing.is_whole(kind), "is_compared": landing.is_compared(kind)},
        )
        for kind in MAPPED_NAMES
    ]
    return [accounted for accounted in counts if accounted.received]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The landed files of one run, on their way into the store."""

    store: Store
    run_id: str
    read_score: ReadScore | None
    has_leavers: bool
    parameters: Parameters

    def load(self, kind: str, files: LandedFiles, landed: Parameters) -> Accounted:
        """Map the files of one type, merge their rows, and check the counts."""
        table = kind.lower()
        parameters = {
            **self.parameters, **landed, "kind": kind, "paths": files.patterns,
        }  # fmt: skip
        if not files.lines:
            return self._load_nothing(kind, parameters)
        self.store.script(sql(f"shape_{table}"))
        self.store.run(sql("landed"), parameters)
        unreadable = _unreadable(self.store, files)
        self.store.insert("unreadable", [(self.run_id, kind, *line) for line in unreadable])
        self.store.script(sql("superseded"))
        self.store.run(f"create or replace temp table mapped as {sql(table)}", parameters)
        if kind == INDEX_TYPE:
            self.store.run("insert into landing_procedure select patient_id, codings from mapped")
            self.store.run(sql("studied"), parameters)
        # Whether a Patient is in the study is known only when all types are stored.
        if kind != "Patient" or self.has_leavers:
            owner = "id" if kind == "Patient" else "patient_id"
            self.store.run(sql("outside").replace("OWNER", owner), {"kind": kind})
        if kind == "Observation" and self.read_score is not None:
            ask_plugins(self.store, self.read_score)
        states = Counter[str]()
        for state, count in self.store.rows(sql("states")):
            states[state] += count
        earlier = self._merge(table, parameters)
        return Accounted(
            type=kind,
            received=files.lines,
            mapped=states["mapped"],
            ignored=states["ignored"],
            rejected=states["rejected"] + len(unreadable),
            earlier=earlier,
        )

    def _load_nothing(self, kind: str, parameters: Parameters) -> Accounted:
        """Do what remains for a type without lines; all statements would take 50 ms to plan."""
        if kind == INDEX_TYPE:
            self.store.run(sql("studied"), parameters)
        self.store.script("create or replace temp table arrived (id varchar)")
        self._bury(kind.lower(), parameters)
        return Accounted(type=kind, received=0, mapped=0, ignored=0, rejected=0)

    def _merge(self, table: str, parameters: Parameters) -> int:
        """Merge the batch into the store; return the number of versions with an earlier date.

        If the table is empty, the batch is only inserted.
        """
        arrived = sql("arrived")
        if not self.store.rows(f"select 1 from {table} limit 1"):  # noqa: S608 - a name of ours
            self.store.run(f"insert into {table} by name\n{arrived}", parameters)
            return 0
        self.store.run(f"create or replace temp table arrived as\n{arrived}", parameters)
        [(earlier,)] = self.store.rows(
            f"select count(*) from {table} as known\n{sql('went_back')}"  # noqa: S608 - a name of ours
        )
        self.store.run(
            f"merge into {table} as known using arrived as one\n{sql('merge')}", parameters
        )
        self._bury(table, parameters)
        self.store.run(sql("risen"), parameters)
        return int(earlier)

    def _bury(self, table: str, parameters: Parameters) -> None:
        """Delete the rows whose resources were deleted on the server."""
        self.store.run(sql("left_behind").replace("TABLE", table), parameters)
        if self.store.rows("select 1 from left_behind limit 1"):
            self.store.run(sql("bury"), parameters)
            self.store.run(
                f"delete from {table} where server = $server "  # noqa: S608 - a name of ours
                "and id in (select id from left_behind)",
                parameters,
            )


def _unreadable(store: Store, files: LandedFiles) -> list[tuple[int, str, str | None]]:
    """Return the lines that are not a resource of this type with an id: number, reason, file.

    Lines count from 1; `file` is the study's file, if the line came from one.

    Raises:
        StoreError: DuckDB and the count of the lines differ.
    """
    [(seen, faults)] = store.rows("select count(*), count(fault) from landed")
    if seen != files.lines:
        raise StoreError(
            f"{files.place(seen)}: DuckDB and the count of the lines differ from here on. "
            "Nothing was stored."
        )
    if not faults:
        return []
    return [
        (files.number(place), reason, files.origin(place))
        for place, reason in store.rows(sql("unreadable"))
    ]


def _score_codes(store: Store) -> list[str]:
    return [code for (code,) in store.rows("select distinct code from role where role = 'scores'")]


def _sides(store: Store) -> list[str]:
    """Return the codes of the list `laterality`, each as `system|code`."""
    rows = store.rows("select system || '|' || code from code_list where list = 'laterality'")
    return [side for (side,) in rows]


def _columns(code: Code) -> tuple[Any, ...]:
    return (
        code.system,
        code.code,
        code.name,
        code.group,
        code.instrument,
        code.context,
        code.scale,
        code.value,
    )
