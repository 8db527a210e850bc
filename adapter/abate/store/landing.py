"""Landed files: NDJSON, one resource a line, as the server sent the bytes.

A unit is the result of one query: a folder with a file for each type. The folder gets its final
name when the unit is complete. If a run is killed, the next run of the same pull uses its complete
units. The files hold patient data: only their owner may read them, and they are removed when all
rows are loaded.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from abate.errors import NothingFound, StoreError
from abate.store.landed_records import PULL, RECORD, LandedPull, Record, find_earlier, records_in
from abate.store.seal import (
    landing_errors,
    private,
    read_sealed,
    seals_of,
    write_sealed,
)

__all__ = ["Landing", "Record", "Unit"]


def now() -> datetime:
    """Return the time by this machine's clock; tests replace this function."""
    return datetime.now(UTC)


class Unit:
    """The result of one query while it lands; it is complete when its `record` is set."""

    def __init__(self, folder: Path) -> None:
        """Land in `folder`, which gets its final name at the end."""
        self.record: Record | None = None
        self.folder = folder
        self._files: dict[str, BinaryIO] = {}

    def write(self, kind: str, resource: bytes) -> None:
        """Append one resource; newlines in it are removed.

        Raises:
            StoreError: the file cannot be written.
        """
        if b"\n" in resource:
            resource = _one_line(resource)
        with landing_errors(self.folder):
            self._file(kind).write(resource + b"\n")

    def skip(self, kind: str, lines: int) -> None:
        """Write blank lines, so that the next lines have the numbers that they have in their file.

        Raises:
            StoreError: the file cannot be written.
        """
        if lines > 0:
            with landing_errors(self.folder):
                self._file(kind).write(b"\n" * lines)

    def _file(self, kind: str) -> BinaryIO:
        if kind not in self._files:
            path = self.folder / f"{kind}.ndjson"
            self._files[kind] = open(path, "ab", opener=private)  # noqa: SIM115 - `close` closes it.
        return self._files[kind]

    def close(self) -> None:
        """Write the files to the disk and close them; all are closed, even if one fails."""
        with landing_errors(self.folder), ExitStack() as closing:
            while self._files:
                file = self._files.popitem()[1]
                closing.callback(file.close)
                closing.callback(os.fsync, file.fileno())
                closing.callback(file.flush)


class Landing:
    """A folder that units land in: a context manager that removes it unless there is an error."""

    def __init__(self, folder: Path, key: str = "") -> None:
        """Land in `folder` the pull of `key`; without a key no later run uses what landed.

        `abandoned` are the notes of an earlier pull whose landed units are not used.
        """
        self.folder = folder
        self.pull = LandedPull(key=key, started_at=now())
        self.records: dict[str, Record] = {}
        self.torn: list[str] = []
        self.abandoned: dict[str, bytes] = {}
        self._lock = Lock()
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        before = find_earlier(self.folder, self.pull)
        if before is not None:
            self.pull = before
            records = dict(records_in(self.folder))
            self.records = {name: record for name, record in records.items() if record is not None}
            self.torn = sorted(records.keys() - self.records.keys())
            self._begin_nothing()
            return self
        self.abandoned = _notes(self.folder)
        self._empty()
        return self

    def _empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        with landing_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True)
        self._begin_nothing()

    def _begin_nothing(self) -> None:
        with landing_errors(self.folder), open(self._nothing, "wb", opener=private):
            pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # If the server had nothing, the next run asks it again, and does not use this folder.
        is_worth_keeping = self.pull.key and self.records and not isinstance(error, NothingFound)
        if error is None or not is_worth_keeping:
            shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, watermark: datetime | None) -> None:
        """Note when the pull began, by the server's clock; a later run does not change it."""
        if not (self.folder / PULL).exists():
            self.pull = msgspec.structs.replace(self.pull, watermark=watermark)
            write_sealed(self.folder / PULL, msgspec.json.encode(self.pull))

    def move_watermark(self, watermark: datetime | None) -> None:
        """Replace the moment at which the pull began."""
        self.pull = msgspec.structs.replace(self.pull, watermark=watermark)
        write_sealed(self.folder / PULL, msgspec.json.encode(self.pull))

    def begin_again(self) -> None:
        """Delete all landed data and notes."""
        self.abandoned = _notes(self.folder)
        self._empty()
        self.records.clear()
        self.pull = LandedPull(key=self.pull.key, started_at=now())

    @contextmanager
    def unit(self, name: str) -> Iterator[Unit]:
        """Land a unit; when its `record` is set it stays, even if this process is killed later.

        It replaces a unit of the same name.

        Args:
            name: the same in each run; units are read in the order of their names.
        """
        folder = self.folder / f".{name}"
        with landing_errors(self.folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        unit = Unit(folder)
        try:
            yield unit
        except BaseException:
            with suppress(StoreError):
                unit.close()
            raise
        unit.close()
        if unit.record is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self._keep(name, unit.record)

    def _keep(self, name: str, record: Record) -> None:
        folder = self.folder / f".{name}"
        with landing_errors(self.folder):
            record = msgspec.structs.replace(record, files=seals_of(folder))
        write_sealed(folder / RECORD, msgspec.json.encode(record))
        with landing_errors(self.folder):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            folder.rename(self.folder / name)
        with self._lock:
            self.records[name] = record
            self._asked.add(name)

    def has(self, name: str) -> bool:
        """Whether a unit has landed completely; a unit that was asked for is kept and loaded."""
        self._asked.add(name)
        return name in self.records

    def drop_unused(self) -> None:
        """Remove the units of an earlier run that this one has not asked for."""
        for name in self.records.keys() - self._asked:
            self._drop(name)

    def drop_empty(self, query: str) -> None:
        """Delete the units of a query that have no resource, so that the next run asks again."""
        for name, record in list(self.records.items()):
            if record.query == query and not record.received:
                self._drop(name)

    def _drop(self, name: str) -> None:
        shutil.rmtree(self.folder / name, ignore_errors=True)
        del self.records[name]

    def drop(self, prefix: str) -> None:
        """Delete the units whose names begin with `prefix`: another way to pull replaces them."""
        for name in [record for record in self.records if record.startswith(prefix)]:
            self._drop(name)
            self._asked.discard(name)

    def remember(self, name: str, note: bytes) -> None:
        """Keep a small note for a later run of this pull."""
        write_sealed(self.folder / f"{name}.note", note)

    def recall(self, name: str) -> bytes | None:
        """Return a note of `remember`; None if there is none, or it is damaged."""
        return read_sealed(self.folder / f"{name}.note")

    def paths(self, kind: str) -> list[Path]:
        """Return the files of a resource type, of all complete units that were asked for."""
        paths = sorted(self.folder.glob(f"[!.]*/{kind}.ndjson"))
        return [path for path in paths if path.parent.name in self._asked] or [self._nothing]

    @property
    def _nothing(self) -> Path:
        """An empty file: `read_json([])` is an error (DuckDB 2.0.1, 2026-12)."""
        return self.folder / "nothing.ndjson"

    def file(self, path: Path) -> str | None:
        """Return the study's file that a landed file was read from; None if it came by search."""
        record = self.records.get(path.parent.name)
        return record.file or None if record else None

    def count_received(self, kind: str) -> int:
        """Return the number of resources of a type that landed, by the records of the units."""
        return sum(record.received for record in self.records.values() if record.type == kind)

    def is_whole(self, kind: str) -> bool:
        """Whether all resources of a type landed, and not only changes."""
        return not any(record.is_change for record in self.records.values() if record.type == kind)

    @property
    def has_changes(self) -> bool:
        """Whether only changes landed of at least one type."""
        return any(record.is_change for record in self.records.values())

    def is_compared(self, kind: str) -> bool:
        """Whether the landed versions of a type are the server's current ones, even if older."""
        return any(record.is_compared for record in self.records.values() if record.type == kind)

    def gone(self, kind: str) -> set[str]:
        """Return the ids of a type that were deleted, or that the query no longer finds."""
        records = (record for record in self.records.values() if record.type == kind)
        return {identifier for record in records for identifier in record.gone}


def _notes(folder: Path) -> dict[str, bytes]:
    """Return the notes of a folder by name, without those that are damaged."""
    notes = {path.stem: read_sealed(path) for path in folder.glob("*.note")}
    return {name: note for name, note in notes.items() if note is not None}


def _one_line(resource: bytes) -> bytes:
    """Return the same JSON without newlines; invalid JSON becomes one line that is rejected."""
    try:
        return msgspec.json.format(resource, indent=-1)
    except (msgspec.MsgspecError, RecursionError):
        return resource.replace(b"\n", b" ")
