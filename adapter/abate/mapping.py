"""From landed NDJSON to the store's tables, by SQL; every line is accounted for.

Each line is mapped, ignored by a rule, or rejected with a reason, and the three add up to what
was received, or the run stops. The SQL lies in `abate_mappings`, one file a resource type.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from abate.codes import CodeLists
from abate.errors import StoreError
from abate.identity import SYSTEM
from abate.landing import Landing
from abate.settings import StudyFile
from abate.source.ledger import Ledger
from abate.source.plan import Role
from abate.store import MAPPINGS, Parameters, Store

TYPES = ("Patient", "Procedure", "Condition", "Observation")

# The reasons that concern the value alone: a plugin may know how to read it.
VALUE_REASONS = (
    "several-values",
    "value-not-an-integer",
    "comparator",
    "answers-differ",
    "no-value",
    "value-not-a-number",
    "codes-differ",
    "scale-unknown",
    "scale-contradictory",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A pain score as a plugin's `read_score` gives it.

    Attributes:
        value: from 0 to 10.
        raw: the value as it was sent.
        scale: the highest score of its scale, 10 or 100.
        unit: its unit, if it had one.
        instrument: NRS, VAS, FACES, ...; None keeps what the code says.
        context: now, worst, average, rest, movement; None keeps what the code says.
    """

    value: float
    raw: str
    scale: float
    unit: str | None = None
    instrument: str | None = None
    context: str | None = None


ReadScore = Callable[[Mapping[str, Any]], Score | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """What became of the lines of one type: received = mapped + ignored + rejected."""

    type: str
    received: int
    mapped: int
    ignored: int
    rejected: int


def register(store: Store, roles: Sequence[Role], lists: CodeLists) -> None:
    """Lay out the study's roles and the code lists as temporary tables for the SQL."""
    store.script((MAPPINGS / "codes.sql").read_text("utf-8"))
    store.insert("role", [(r.role, r.kind, *_columns(r.code)) for r in roles])
    store.insert("code_list", [(name, *_columns(c)) for name, all_ in lists.items() for c in all_])


def load(
    store: Store,
    landing: Landing,
    study_file: StudyFile,
    run_id: str,
    read_score: ReadScore | None = None,
) -> list[Accounted]:
    """Map what landed and merge it into the store; the caller holds the transaction.

    Raises:
        StoreError: received is not mapped + ignored + rejected.
    """
    source = study_file.settings.source
    batch = _Batch(
        store=store,
        run_id=run_id,
        keep_raw=study_file.settings.output.keep_raw,
        read_score=read_score,
        parameters={
            "server": source.url,
            "source_zone": source.timezone,
            "own_system": SYSTEM,
            "run_id": run_id,
        },
    )
    store.insert(
        "run", [(run_id, source.url, datetime.now(UTC), study_file.digest, version("abate"))]
    )
    landed = [kind for kind in TYPES if landing.path(kind).exists()]
    return [batch.load(kind, landing.path(kind)) for kind in landed]


def balance(store: Store, run_id: str, ledger: Ledger, accounted: Sequence[Accounted]) -> None:
    """Enter the books, and hold what the pull received against what the mapping saw.

    Raises:
        StoreError: a resource was received that no line accounts for.
    """
    store.insert(
        "ledger",
        [
            (run_id, one.query, one.type, one.expected, one.received, one.pages)
            for one in ledger.lines
        ],
    )
    store.insert(
        "accounted",
        [(run_id, b.type, b.received, b.mapped, b.ignored, b.rejected) for b in accounted],
    )
    seen = {one.type: one.received for one in accounted}
    for kind in TYPES:
        received = sum(line.received for line in ledger.lines if line.type == kind)
        if received != seen.get(kind, 0):
            raise StoreError(
                f"the books of {kind} do not balance: the pull received {received}, and "
                f"{seen.get(kind, 0)} lines landed. Nothing was stored."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The landed files of one run, on their way into the store."""

    store: Store
    run_id: str
    keep_raw: bool
    read_score: ReadScore | None
    parameters: Parameters

    def load(self, kind: str, path: Path) -> Accounted:
        """Map one type's file, merge it, and balance its books."""
        table = kind.lower()
        select = (MAPPINGS / f"{table}.sql").read_text("utf-8")
        self.store.run(
            f"create or replace temp table batch as select *, $run_id as run_id from ({select})",  # noqa: S608
            {**self.parameters, "path": str(path)},
        )
        if kind == "Observation" and self.read_score is not None:
            _ask_plugins(self.store, self.read_score)
        unreadable = _unreadable(path, kind)
        self.store.insert("unreadable", [(self.run_id, kind, *one) for one in unreadable])
        states = dict(self.store.rows("select state, count(*) from batch group by state"))
        older = _deduplicate(self.store, keep_raw=self.keep_raw)
        self.store.script(_merge(table))
        return _balanced(
            Accounted(
                type=kind,
                received=_lines(path),
                mapped=states.get("mapped", 0) - older.get("mapped", 0),
                ignored=states.get("ignored", 0) - older.get("ignored", 0) + sum(older.values()),
                rejected=states.get("rejected", 0) - older.get("rejected", 0) + len(unreadable),
            )
        )


def _balanced(counted: Accounted) -> Accounted:
    total = counted.mapped + counted.ignored + counted.rejected
    if total != counted.received:
        raise StoreError(
            f"the books of {counted.type} do not balance: {counted.received} lines landed, and "
            f"{counted.mapped} mapped + {counted.ignored} ignored + {counted.rejected} rejected "
            f"are {total}. Nothing was stored."
        )
    return counted


def _ask_plugins(store: Store, read_score: ReadScore) -> None:
    marks = ", ".join(f"'{reason}'" for reason in VALUE_REASONS)
    rejected = store.rows(f"select id, resource from batch where reason in ({marks})")  # noqa: S608
    for identifier, resource in rejected:
        score = read_score(json.loads(resource))
        if score is not None:
            store.run(
                (MAPPINGS / "read_score.sql").read_text("utf-8"),
                {
                    "id": identifier,
                    "value": score.value,
                    "raw": score.raw,
                    "scale": score.scale,
                    "unit": score.unit,
                    "instrument": score.instrument,
                    "context": score.context,
                },
            )


def _deduplicate(store: Store, *, keep_raw: bool) -> dict[str, int]:
    """Keep the newest row of each id; count the others by the state that they had."""
    store.script(
        "create or replace temp table ranked as select *, row_number() over "
        "(partition by id order by last_updated desc nulls last) as place from batch"
    )
    if not keep_raw:
        store.script("update ranked set resource = null")
    store.script(
        "create or replace temp table newest as select * exclude (place) from ranked "
        "where place = 1"
    )
    return dict(store.rows("select state, count(*) from ranked where place > 1 group by state"))


def _merge(table: str) -> str:
    """Newer wins: by lastUpdated, and by the run where the server gives none."""
    return (
        f"merge into {table} using newest "
        f"on {table}.server = newest.server and {table}.id = newest.id "
        f"when matched and (newest.last_updated is null or {table}.last_updated is null "
        f"or newest.last_updated >= {table}.last_updated) then update by name "
        "when not matched then insert by name"
    )


class _Head(msgspec.Struct):
    resourceType: str  # noqa: N815 - FHIR's own name
    id: str


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _unreadable(path: Path, kind: str) -> list[tuple[int, str]]:
    """The lines that are no resource of this type with an id, counted from 1."""
    found = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and (reason := _line_fault(line, kind)):
                found.append((number, reason))
    return found


def _line_fault(line: bytes, kind: str) -> str | None:
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.ValidationError:
        return "no-resource"
    except msgspec.MsgspecError:
        return "malformed-line"
    return None if head.resourceType == kind else "other-type"


def _columns(code: Any) -> tuple[Any, ...]:
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
