"""DuckDB, started once in a process; a store is attached to it while it is open.

Starting DuckDB takes 14 ms of CPU, and making the macros of the mapping 18 ms; attaching and
detaching a store takes 2 ms (DuckDB 2.0.1, 2026-11). A nightly run opens its store about seven
times. After a store is closed nothing of it is kept: neither its file nor a temporary table.
"""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Self

import duckdb

MAPPINGS = files("abate_mappings") / "sql"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "memory_limit": "4GB",
    "TimeZone": "UTC",
}

_lock = Lock()
_in_use: dict[str, "_Database"] = {}
_idle: list["_Database"] = []


@dataclass(eq=False, slots=True)
class _Database:
    """A DuckDB with a database in memory that has the macros; one store is attached to it."""

    own: duckdb.DuckDBPyConnection
    users: int = 0
    is_worn: bool = False

    @classmethod
    def start(cls) -> Self:
        own = duckdb.connect(":memory:", config=SETTINGS)
        own.execute((MAPPINGS / "macros.sql").read_text("utf-8"))
        return cls(own)

    def connect(self, path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if not self.users:
            self.own.execute(f"set temp_directory = {_quote(_scratch(path))}")
            self.own.execute(f"attach {_quote(path)} as store (type duckdb, read_only {read_only})")
        connection = self.own.cursor()
        connection.execute("set search_path = 'store.main,memory.main'")
        self.users += 1
        return connection

    def let_go(self, path: Path) -> None:
        """Detach the store and keep DuckDB for the next one; after an error, end it."""
        try:
            self.own.execute("detach store")
        except (duckdb.Error, RuntimeError, MemoryError):
            self.is_worn = True  # Committed rows are in the write-ahead log beside the store.
        # DuckDB refuses to change a temp_directory that was used (2.0.1, 2026-12).
        if self.is_worn or _idle or _scratch(path).exists():
            self.own.close()
        else:
            _idle.append(self)


class Connection:
    """A connection to the store at a path; several of one process share its file.

    Attributes:
        duckdb: the connection that runs statements.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Connect, and make a store if there is none.

        Raises:
            duckdb.Error, RuntimeError, MemoryError: DuckDB cannot open it.
        """
        self._path, self._name = path, str(path.absolute())
        with _lock:
            database = _in_use.get(self._name) or (_idle.pop() if _idle else _Database.start())
            try:
                self.duckdb = database.connect(path, read_only=read_only)
            except BaseException:
                if not database.users:
                    database.own.close()
                raise
            self._database = _in_use[self._name] = database

    def wear(self) -> None:
        """Mark this DuckDB as possibly broken by an error: no other store is attached to it."""
        self._database.is_worn = True

    def close(self) -> None:
        """Close the file, unless another connection of this process uses it."""
        with _lock:
            self.duckdb.close()
            self._database.users -= 1
            if not self._database.users:
                del _in_use[self._name]
                self._database.let_go(self._path)


def _end_idle() -> None:
    """End the idle DuckDB: a forked process would have it without its threads."""
    with _lock:
        while _idle:
            _idle.pop().own.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_end_idle)


def _scratch(path: Path) -> Path:
    """Return the folder for what does not fit into memory."""
    return path.with_name(f"{path.name}.tmp")


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
