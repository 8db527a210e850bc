"""A workshop: lines in; rows and books out, by the real landing and a real store."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace

from abate.config.reader import read
from abate.config.settings import StudyFile
from abate.mapping import accounts, code_lists, mapper, people
from abate.mapping.accounts import Accounted
from abate.mapping.scores import ReadScore
from abate.source import plan
from abate.store.database import opened
from abate.store.landing import Landing, Record
from abate.store.ledger import Ledger

SERVER = "http://fhir.test/base"
STUDY = f"""
[study]
id = "small"
timezone = "Asia/Hong_Kong"

[source]
url = "{SERVER}"

[index]
codes = ["list:cementoplasty"]

[condition.primary]
codes = ["list:primary-tumour"]

[scores]
codes = ["list:pain-intensity"]

[visits]
baseline = {{ from = -7, to = 0 }}
Wk1 = 7
"""
UPDATED = "cast(last_updated at time zone 'UTC' as varchar) as last_updated"

JsonOrBytes = Mapping[str, Any] | bytes


@dataclass(frozen=True)
class Mapped:
    """What the store holds, and the books of the last run."""

    accounted: Mapping[str, Accounted]
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]]
    unreadable: Sequence[tuple[str, int, str]]

    @property
    def observations(self) -> Mapping[str, Mapping[str, Any]]:
        return self.rows["observation"]

    def verdict(self, identifier: str) -> tuple[str, str | None]:
        row = self.observations[identifier]
        return row["state"], row["reason"]


class Workshop:
    """A study file and a store in a folder; each `map` is one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "out" / "store.duckdb"
        self.lists = code_lists.load([files("abate_mappings") / "codes"])

    def study(self, *overrides: str) -> StudyFile:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "study.toml"
        path.write_text(STUDY, "utf-8")
        return read(path, overrides)

    def map(
        self,
        *observations: JsonOrBytes,
        other: Mapping[str, Sequence[JsonOrBytes]] | None = None,
        settings: Sequence[str] = (),
        read_score: ReadScore | None = None,
        run_id: str = "run",
        lists: code_lists.CodeLists | None = None,
        claimed: int = 0,
        gone: Mapping[str, tuple[str, ...]] | None = None,
        changes: Sequence[str] = (),
        is_read_anew: bool = True,
        is_judged: bool = False,
    ) -> Mapped:
        """Land, map and balance; `claimed` more are in the pull's ledger than landed.

        Everybody who is named is of the study; with `is_judged`, the patients of index procedures.
        """
        study, lists = self.study(*settings), lists or self.lists
        lines: dict[str, Sequence[JsonOrBytes]] = {"Observation": observations, **(other or {})}
        with Landing(self.folder / "out" / "landing") as landing:
            for kind, resources in lines.items():
                books = Record(
                    query=kind, type=kind, expected=None, received=claimed, pages=1,
                    gone=(gone or {}).get(kind, ()), is_change=kind in changes,
                )  # fmt: skip
                _land(landing, resources, books)
            reading = mapper.Reading(
                run_id=run_id,
                study_digest=study.digest,
                source=study.settings.source,
                keeps_raw=study.settings.output.keep_raw,
                read_score=read_score,
                is_anew=is_read_anew,
            )
            of_study = nullcontext() if is_judged else _of_study(lines)
            with opened(self.store) as store, store.transaction(), of_study:
                mapper.register(store, plan.make(study.settings, lists).roles, lists)
                books = mapper.load(store, landing, reading)
                accounts.balance(store, run_id, Ledger(), books, landing)
                if is_judged:
                    people.prune(store, SERVER)
                return Mapped({one.type: one for one in books}, *_stored(store, run_id))


@contextmanager
def _of_study(lines: Mapping[str, Sequence[JsonOrBytes]]) -> Iterator[None]:
    """Let everybody whom the lines name be of the study."""
    text = "\n".join(str(one) for resources in lines.values() for one in resources)
    ids = sorted(set(re.findall(r"Patient/([^'\"/\\\s]+)", text)))
    sql = people.sql

    def everybody(name: str) -> str:
        if name != "studied":
            return sql(name)
        return f"create or replace temp table studied as select unnest({ids}::varchar[]) as id"

    with mock.patch.object(mapper, "sql", everybody), mock.patch.object(people, "sql", everybody):
        yield


def _land(landing: Landing, resources: Sequence[JsonOrBytes], books: Record) -> None:
    """Land one type; what `books` say to have received is added to what there is."""
    sent = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in resources]
    with landing.unit(books.type) as unit:
        for one in sent:
            unit.write(books.type, one)
        received = sum(1 for one in sent if one.strip()) + books.received
        unit.record = replace(books, received=received)


def _stored(store: Any, run_id: str) -> tuple[Any, Any]:
    rows = {}
    for table in ("patient", "procedure", "condition", "observation"):
        names = [name for name, *_ in store.rows(f"describe {table}")]
        columns = ", ".join(UPDATED if name == "last_updated" else name for name in names)
        found = (
            dict(zip(names, row, strict=True))
            for row in store.rows(f"select {columns} from {table}")
        )
        rows[table] = {row["id"]: row for row in found}
    sql = "select type, line, reason from unreadable where run_id = $run_id order by type, line"
    return rows, store.rows(sql, {"run_id": run_id})


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture(scope="module")
def shared_workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="session")
def observation() -> Any:
    """Make a visual analogue score without a value; an argument adds or replaces, None removes."""

    def make(identifier: str = "o", loinc: str = "38214-3", /, **changes: Any) -> dict[str, Any]:
        resource = {
            "resourceType": "Observation",
            "id": identifier,
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
            "subject": {"reference": "Patient/p"},
            "effectiveDateTime": "2020-01-02T10:00:00+08:00",
            **changes,
        }
        return {key: value for key, value in resource.items() if value is not None}

    return make
