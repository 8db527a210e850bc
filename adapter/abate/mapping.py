"""From landed NDJSON to the store's tables, by SQL; every line is accounted for.

Each line is mapped, ignored by a rule, or rejected with a reason, and the three add up to what
was received, or the run stops. The SQL lies in `abate_mappings`, one file a resource type.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from abate.codes import Code, CodeLists
from abate.errors import StoreError
from abate.identity import CANONICAL, SYSTEM
from abate.landing import Landing
from abate.settings import StudyFile
from abate.source.ledger import Ledger
from abate.source.plan import Role
from abate.store import MAPPINGS, Parameters, Store

TYPES = ("Patient", "Procedure", "Condition", "Observation")

# The system of the words in `pain-units` that stand in `Quantity.unit`.
UNIT_TEXTS = f"{CANONICAL}/CodeSystem/unit-text"

# The landed files are large: they are counted in pieces of this size.
READ_BYTES = 1024 * 1024

# The reasons that concern the value alone: a plugin may know how to read it.
VALUE_REASONS = (
    "several-values",
    "value-not-an-integer",
    "comparator",
    "answers-differ",
    "no-value",
    "value-malformed",
    "value-not-a-number",
    "codes-differ",
    "unit-unknown",
    "range-malformed",
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
    store.script(_sql("codes"))
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

    A pull is whole: what the store has of the server and the pull did not bring is gone from
    there, and no longer counts.

    Raises:
        StoreError: received is not mapped + ignored + rejected.
    """
    source = study_file.settings.source
    batch = _Batch(
        store=store,
        run_id=run_id,
        read_score=read_score,
        parameters={
            "keep_raw": study_file.settings.output.keep_raw,
            "asks_plugins": read_score is not None,
            "score_codes": _score_codes(store),
            "server": source.url,
            "source_zone": source.timezone,
            "own_system": SYSTEM,
            "unit_texts": UNIT_TEXTS,
            "run_id": run_id,
        },
    )
    store.insert(
        "run", [(run_id, source.url, datetime.now(UTC), study_file.digest, version("abate"))]
    )
    books = [batch.load(kind, landing.path(kind)) for kind in TYPES]
    return [accounted for accounted in books if accounted.received]


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
    for kind in sorted({*TYPES, *(line.type for line in ledger.lines)}):
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
    read_score: ReadScore | None
    parameters: Parameters

    def load(self, kind: str, path: Path) -> Accounted:
        """Map one type's file, merge it, and balance its books."""
        path.touch(mode=0o600)
        table = kind.lower()
        self.store.script(_sql(f"shape_{table}"))
        parameters = {**self.parameters, "kind": kind, "path": _literal(path)}
        self.store.run(_sql("landed"), parameters)
        received = _lines_in(path)
        unreadable = _unreadable(self.store, path, received)
        self.store.insert("unreadable", [(self.run_id, kind, *one) for one in unreadable])
        self.store.script(_sql("superseded"))
        self.store.run(f"create or replace temp table mapped as {_sql(table)}", parameters)
        if kind == "Observation" and self.read_score is not None:
            _ask_plugins(self.store, self.read_score)
        states = Counter[str]()
        for state, count in self.store.rows(_sql("states")):
            states[state] += count
        self._merge(table, parameters)
        return _balanced(
            Accounted(
                type=kind,
                received=received,
                mapped=states["mapped"],
                ignored=states["ignored"],
                rejected=states["rejected"] + len(unreadable),
            )
        )

    def _merge(self, table: str, parameters: Parameters) -> None:
        """Bring the batch into the store; where nothing can be replaced, it is only added."""
        arrived = _sql("arrived")
        if self.store.rows(f"select 1 from {table} limit 1"):  # noqa: S608 - a name of ours
            merge = f"merge into {table} as known using ({arrived}) as one\n{_sql('merge')}"
            self.store.run(merge, parameters)
        else:
            self.store.run(f"insert into {table} by name\n{arrived}", parameters)


def _score_codes(store: Store) -> list[str]:
    return [code for (code,) in store.rows("select distinct code from role where role = 'scores'")]


def _sql(name: str) -> str:
    return (MAPPINGS / f"{name}.sql").read_text("utf-8")


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
    rejected = store.rows(
        "select mapped.id, landed.resource "
        "from mapped inner join landed on landed.rowid = mapped.place "
        "where list_contains($reasons, reason) order by mapped.id",
        {"reasons": list(VALUE_REASONS)},
    )
    for identifier, resource in rejected:
        observation = _decoded(resource)
        score = read_score(observation) if observation is not None else None
        if score is not None:
            store.run(_sql("read_score"), {"id": identifier, **asdict(score)})


def _decoded(resource: str) -> dict[str, Any] | None:
    """The resource; None where only DuckDB can read it: a trailing comma, a great depth."""
    try:
        decoded: dict[str, Any] = json.loads(resource)
    except (ValueError, RecursionError):
        return None
    return decoded


def _unreadable(store: Store, path: Path, received: int) -> list[tuple[int, str]]:
    """The lines that are no resource of this type with an id, and why; lines count from 1.

    Raises:
        StoreError: the database saw more lines in the file than there are, or fewer.
    """
    [(seen, faults)] = store.rows("select count(*), count(fault) from landed")
    if seen != received:
        numbers = _line_numbers(path)
        number = f"line {numbers[seen]}" if seen < len(numbers) else "its end"
        raise StoreError(
            f"{path.name}, {number}: the reader of the mapping and the count of the lines do not "
            "agree on what stands there. Nothing was stored."
        )
    if not faults:
        return []
    numbers = _line_numbers(path)
    return [(numbers[place - 1], reason) for place, reason in store.rows(_sql("unreadable"))]


def _lines_in(path: Path) -> int:
    """How many lines are not blank."""
    with path.open("rb", buffering=READ_BYTES) as file:
        return sum(1 for line in file if not line.isspace())


def _line_numbers(path: Path) -> list[int]:
    """The numbers, from 1, of the lines that are not blank."""
    with path.open("rb", buffering=READ_BYTES) as file:
        return [number for number, line in enumerate(file, start=1) if not line.isspace()]


def _literal(path: Path) -> str:
    """The path as a pattern that DuckDB matches to this file alone."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


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
