"""DuckDB, started once in a process: a store is attached to it while somebody has it open.

To start DuckDB takes 14 ms of CPU, and to make the macros of the mapping 18 ms; to attach a store
and to detach it takes 2 ms (DuckDB 2.0.1, 2026-11). A night opens its store some seven times.
Between two openings nothing of a store is held: not its file, and no temporary table.
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
    """A DuckDB that begins with a database in memory, which has the macros, and takes one store."""

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
        """Detach the store, and be idle; a database that is worn ends, and its scratch with it."""
        try:
            self.own.execute("detach store")
        except (duckdb.Error, RuntimeError, MemoryError):
            self.is_worn = True  # What was committed is in the log beside the store.
        # A temp_directory that was used cannot be changed (DuckDB 2.0.1, 2026-12).
        if self.is_worn or _idle or _scratch(path).exists():
            self.own.close()
        else:
            _idle.append(self)


class Connection:
    """A connection to the store at a path; several of one process share its file.

    Attributes:
        duckdb: what statements are given to.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Connect, and make a store if there is none.

        Raises:
            duckdb.Error, RuntimeError, MemoryError: as DuckDB does.
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
        """After an error DuckDB may be of no more use: no other store is attached to it."""
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
    """End the DuckDB that waits: in a process that is forked it would have lost its threads."""
    with _lock:
        while _idle:
            _idle.pop().own.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_end_idle)


def _scratch(path: Path) -> Path:
    """Where DuckDB puts what does not fit into memory."""
    return path.with_name(f"{path.name}.tmp")


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
