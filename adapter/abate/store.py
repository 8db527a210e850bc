"""The store: one DuckDB file beside the study, the owner's alone, opened only while needed.

A writer shuts out every other opener, so a connection is held while loading and assembling, and
never during the pull, the analyses or a publish. DuckDB's own messages print the values that
they stumble over: none is ever passed on.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl

from abate.errors import Busy, StoreError

MAPPINGS = files("abate_mappings") / "sql"
COHORT = files("abate") / "cohort" / "sql"
MEMORY_LIMIT = "4GB"

Parameters = Mapping[str, Any]


class Store:
    """An open store: runs SQL files, gives rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        """Work on an open `connection`, with `folder` for scratch; use `opened` to get one."""
        self._connection = connection
        self._folder = folder

    def script(self, sql: str) -> None:
        """Run statements that take no parameters and give no rows."""
        with _told():
            self._connection.execute(sql)

    def run(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run one statement; of `parameters` it is given those that it names."""
        with _told():
            self._connection.execute(sql, _named(sql, parameters))

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """The rows of one query."""
        with _told():
            return self._connection.execute(sql, _named(sql, parameters)).fetchall()

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of one query as a Polars frame.

        By way of a Parquet file: DuckDB 2.0.0 leaks what it hands over by the Arrow capsule, and
        says so on stderr when Python ends (seen 2026-11).
        """
        with TemporaryDirectory(prefix=".frame-", dir=self._folder) as scratch, _told():
            path = Path(scratch) / "frame.parquet"
            self._connection.sql(sql).write_parquet(str(path))
            return pl.read_parquet(path)

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append rows to one of our tables."""
        rows = list(rows)
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            with _told():
                self._connection.executemany(f"insert into {table} values ({marks})", rows)  # noqa: S608

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.script("begin")
        try:
            yield
        except BaseException:
            self.script("rollback")
            raise
        self.script("commit")


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open the store at `path` for writing, and make it if there is none.

    Raises:
        Busy: another process has it open.
        StoreError: it is no store, or the disk refuses.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        path.chmod(0o600)
        store = Store(connection, path.parent)
        store.script((MAPPINGS / "tables.sql").read_text("utf-8"))
        store.script((MAPPINGS / "macros.sql").read_text("utf-8"))
        _key(store)
        yield store
    finally:
        connection.close()


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "memory_limit": MEMORY_LIMIT,
        "TimeZone": "UTC",
    }
    try:
        return duckdb.connect(str(path), config=settings)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise Busy(f"{path} is open in another process. Try again when it is done.") from None
        raise StoreError(
            f"{path} cannot be opened as a store. Was it written by another version of DuckDB, "
            "or is the disk full? Move it away to begin a new one."
        ) from None
    except duckdb.Error:
        raise StoreError(f"{path} cannot be opened as a store.") from None


@contextmanager
def _told() -> Iterator[None]:
    """Give DuckDB's errors a message of ours: theirs may quote a patient's data."""
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(
            f"the database stopped with {type(error).__name__} (its message may hold patient "
            "data and is not shown). Please report this with the output of `abate plugins`."
        ) from None


def _named(sql: str, parameters: Parameters | None) -> dict[str, Any]:
    return {name: value for name, value in (parameters or {}).items() if f"${name}" in sql}


def _key(store: Store) -> None:
    if not store.rows("select 1 from pseudonym_key"):
        store.insert("pseudonym_key", [(secrets.token_hex(32),)])
