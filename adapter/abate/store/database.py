"""The store: one DuckDB file beside the study, readable by its owner only.

DuckDB lets a writer exclude all other processes. So the file is open only while rows are loaded or
the cohort is assembled, and never during the pull, the analyses or a publication. DuckDB's own
messages may print patient data: they are never passed on.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from importlib.resources import files
from pathlib import Path
from shutil import disk_usage
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from abate.errors import Busy, StoreError, disk_errors
from abate.store.engine import MAPPINGS, Connection
from abate.telemetry import signals

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COHORT", "FILE", "MAPPINGS", "Parameters", "Store", "open_store", "read_store"]

COHORT = files("abate") / "cohort" / "sql"
FILE = "store.duckdb"
WAIT_SECONDS = 10.0
ROWS_AT_ONCE = 10_000

# DuckDB raises an IOException with this text, and has no exception for it (2.0.1, 2026-12).
_LOCKED = "Could not set lock on file"
# DuckDB 2.0.0 reads `?` as the beginning of options, and a backslash as a separator (2026-11).
_NOT_IN_A_PATH = "?" if os.name == "nt" else "?\\"
# Opening a truncated file is an IOException. A changed byte is found when its block is read: a
# plain Error about a checksum (DuckDB 2.0.1, 2026-12).
_DAMAGED = (
    duckdb.IOException,
    duckdb.SerializationException,
    duckdb.InternalException,
    duckdb.FatalException,
)
_FULL_BYTES = 16 * 1024 * 1024

_INTERRUPT_SECONDS = 0.05

Parameters = Mapping[str, Any]
Done = TypeVar("Done")


class Store:
    """An open store, which runs SQL and returns rows.

    The database works in its own thread: in the main thread, Python may notice a signal only when
    a statement has ended (DuckDB 2.0.1, 2026-12).
    """

    def __init__(self, connection: Connection, path: Path) -> None:
        """Work on an open `connection` to the store at `path`; use `open_store` to get one."""
        self._attached = connection
        self._connection = connection.duckdb
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1)

    def close(self) -> None:
        """Close the file."""
        self._thread.shutdown()
        self._attached.close()

    def script(self, sql: str) -> None:
        """Run statements that take no parameters and give no rows."""
        self._do(lambda: self._connection.execute(sql))

    def run(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run one statement with those of `parameters` that it names."""
        self._do(lambda: self._connection.execute(sql, _bind(sql, parameters)))

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of one query."""
        return self._do(lambda: self._connection.execute(sql, _bind(sql, parameters)).fetchall())

    def frame(self, sql: str) -> "pl.DataFrame":
        """Return the rows of one query as a Polars frame.

        DuckDB reads all rows before Polars gets them: some versions of Polars print DuckDB's errors
        with the values that caused them. Polars 2.1 does not (2026-12).
        """
        import polars as pl

        return self._do(lambda: pl.DataFrame(self._connection.sql(sql).materialize()))

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append rows to one of our tables.

        The parameters are columns: 200 rows of 9 values take 1 ms of CPU, and 12 ms if each value
        is a parameter (DuckDB 2.0.1, 2026-11).
        """
        rows = list(rows)
        for first in range(0, len(rows), ROWS_AT_ONCE):
            batch = rows[first : first + ROWS_AT_ONCE]
            columns = [list(column) for column in zip(*batch, strict=True)]
            marks = ", ".join(["unnest(?)"] * len(columns))
            sql = f"insert into {table} select {marks}"
            self._do(partial(self._connection.execute, sql, columns))

    def _do(self, work: Callable[[], Done]) -> Done:
        """Run `work` in the database's thread; a signal interrupts it.

        Raises:
            StoreError: DuckDB failed; the message has nothing of DuckDB's.
        """
        with _describe(self._path):
            doing = self._thread.submit(work)
            try:
                return doing.result()
            except BaseException:
                self._attached.wear()
                raise
            finally:
                # DuckDB loses an interrupt that comes before the statement begins (2.0.1, 2026-12).
                while not doing.done():
                    self._connection.interrupt()
                    wait([doing], timeout=_INTERRUPT_SECONDS)

    def layout(self) -> str | None:
        """Return the digest of the statements that made the tables; None for new or 0.1 stores."""

        def look() -> str | None:
            with suppress(duckdb.CatalogException):
                rows = self._connection.execute("select digest from layout").fetchall()
                return str(rows[0][0]) if rows else None
            return None

        return self._do(look)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes, or nothing of it if it raises."""
        self.script("begin")
        try:
            yield
        except BaseException:
            with suppress(StoreError):
                self.script("rollback")
            raise
        self.script("commit")


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """Open the store at `path` for writing, and make it if there is none.

    Raises:
        Busy: another process has it open.
        StoreError: the file is not a store, or cannot be written.
    """
    for sign in _NOT_IN_A_PATH:
        if sign in str(path):
            raise StoreError(
                f"{path} cannot be a store: DuckDB takes no '{sign}' in a path. Rename it."
            )
    with _private():
        with disk_errors(f"{path} cannot be made or kept private"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _begin(path)
        store = Store(_connect(path), path)
        try:
            with disk_errors(f"{path} cannot be made or kept private"):
                path.chmod(0o600)
            _lay_out(store)
            yield store
        finally:
            store.close()


@contextmanager
def read_store(path: Path) -> Iterator[Store]:
    """Open the store at `path` for reading.

    Raises:
        Busy: another process has it open.
        StoreError: the file is not a store.
    """
    with _private():
        store = Store(_connect(path, read_only=True), path)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _private() -> Iterator[None]:
    """Make the files that DuckDB writes beside the store readable by their owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _begin(path: Path) -> None:
    """Make a new store under another name, and rename it when it is complete.

    DuckDB can never open a file that is empty or has half a header (2.0.1, 2026-12).
    """
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    _connect(new).close()
    if path.exists():
        new.unlink()
    else:
        new.rename(path)


def _connect(path: Path, *, read_only: bool = False) -> Connection:
    """Connect; if another process has the store open, wait up to WAIT_SECONDS."""
    deadline = monotonic() + WAIT_SECONDS
    while True:
        try:
            return _try_to_connect(path, read_only=read_only)
        except Busy:
            if monotonic() >= deadline:
                raise
        sleep(0.1)


def _try_to_connect(path: Path, *, read_only: bool) -> Connection:
    try:
        return Connection(path, read_only=read_only)
    except (duckdb.Error, RuntimeError, MemoryError) as error:
        signals.raise_if_signalled()
        if _LOCKED in str(error):
            raise Busy(
                f"{path} is open in another process{_holder(error)}. Try again when it is done."
            ) from None
        if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or _full(path.parent):
            raise _error_of(error, path) from None
    raise StoreError(
        f"{path} cannot be opened as a store. Was it truncated, written by another program or "
        "version of DuckDB, or may you not read it? Move it away: the next run makes a new one, "
        "and pulls everything again."
    )


def _holder(error: Exception) -> str:
    process = re.search(r"\(PID (\d+)\)", str(error))
    return f" (PID {process[1]})" if process else ""


@contextmanager
def _describe(path: Path) -> Iterator[None]:
    """Replace DuckDB's errors by our own: their messages may quote patient data."""
    try:
        yield
    except (duckdb.Error, RuntimeError, MemoryError) as error:
        signals.raise_if_signalled()  # An interrupt is an error (DuckDB 2.0.1).
        raise _error_of(error, path) from None


def _error_of(error: Exception, path: Path) -> StoreError:
    name = type(error).__name__
    if _full(path.parent):
        return _no_space(path.parent)
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return StoreError(
            f"there is not enough memory for the database ({name}). Give this machine or this "
            "process more."
        )
    if isinstance(error, _DAMAGED) or type(error) is duckdb.Error:
        return StoreError(
            f"{path} cannot be read to its end ({name}): it may have been truncated or damaged, by "
            "a full disk or a copy that broke off. Move it away: the next run pulls everything "
            "again. If the new one fails too, report this with the output of `abate plugins`."
        )
    return StoreError(
        f"the database stopped with {name} (its message may hold patient data and is not shown). "
        "Please report this with the output of `abate plugins`."
    )


def _full(folder: Path) -> bool:
    """Whether the disk of `folder` has too little free space for a database."""
    with suppress(OSError):
        return disk_usage(folder).free < _FULL_BYTES
    return False


def _no_space(folder: Path) -> StoreError:
    return StoreError(f"the disk of {folder} is full. Free some space, and run again.")


def _bind(sql: str, parameters: Parameters | None) -> dict[str, Any]:
    # DuckDB refuses a parameter that the statement does not name (2.0.1, 2026-12).
    named = set(re.findall(r"\$(\w+)", sql))
    return {name: value for name, value in (parameters or {}).items() if name in named}


def _lay_out(store: Store) -> None:
    """Make the tables and the key of pseudonyms, unless the same statements have made them before.

    The statements take 5 ms of CPU, and the check 0.2 ms (DuckDB 2.0.1, 2026-12).
    """
    sql = (MAPPINGS / "tables.sql").read_text("utf-8")
    digest = hashlib.sha256(sql.encode()).hexdigest()
    if store.layout() == digest:
        return
    store.script(sql)
    if not store.rows("select 1 from pseudonym_key"):
        store.insert("pseudonym_key", [(secrets.token_hex(32),)])
    # Written last: after a kill before this, the next process runs all statements again.
    store.script("delete from layout")
    store.insert("layout", [(digest,)])
