"""Landed files: NDJSON, one resource a line, as the server sent the bytes.

A unit is what one question brings, a file a type. It lands whole or not at all: its folder gets its
name when it is complete. What a run that was killed had landed whole, the next run of the same pull
finds. The files hold patient data: the folder is the owner's alone, and goes when all is loaded.
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
    """The time by this machine's clock; tests put theirs in this place."""
    return datetime.now(UTC)


class Unit:
    """What one question brings, while it lands: whole as soon as its `record` is set."""

    def __init__(self, folder: Path) -> None:
        """Land in `folder`, which gets its own name at the end."""
        self.record: Record | None = None
        self.folder = folder
        self._files: dict[str, BinaryIO] = {}

    def write(self, kind: str, resource: bytes) -> None:
        """Append one resource; one that holds a newline is compacted to its line.

        Raises:
            StoreError: the disk refuses.
        """
        if b"\n" in resource:
            resource = _one_line(resource)
        with landing_errors(self.folder):
            self._file(kind).write(resource + b"\n")

    def skip(self, kind: str, lines: int) -> None:
        """Leave blank lines, so that what follows has the number that it has elsewhere.

        Raises:
            StoreError: the disk refuses.
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
        """Finish the files, so that they outlive this process; if one fails, all are closed."""
        with landing_errors(self.folder), ExitStack() as closing:
            while self._files:
                file = self._files.popitem()[1]
                closing.callback(file.close)
                closing.callback(os.fsync, file.fileno())
                closing.callback(file.flush)


class Landing:
    """A folder that units land in: a context manager that removes it when all went well."""

    def __init__(self, folder: Path, key: str = "") -> None:
        """Land in `folder` what belongs to `key`; without a key nothing is found again.

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
            found = dict(records_in(self.folder))
            self.records = {name: one for name, one in found.items() if one is not None}
            self.torn = sorted(found.keys() - self.records.keys())
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
        # Where nothing was found, the next run asks the server again, and not this folder.
        is_worth_keeping = self.pull.key and self.records and not isinstance(error, NothingFound)
        if error is None or not is_worth_keeping:
            shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, watermark: datetime | None) -> None:
        """Note when the pull began, by the server's clock; the first run's word stays."""
        if not (self.folder / PULL).exists():
            self.pull = msgspec.structs.replace(self.pull, watermark=watermark)
            write_sealed(self.folder / PULL, msgspec.json.encode(self.pull))

    def move_watermark(self, watermark: datetime | None) -> None:
        """Note another moment than the one that the pull began at."""
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
        """Land a unit; with its `record` set it stays, also if this process is killed later.

        It takes the place of one that landed under the same name.

        Args:
            name: what it is, the same in each run; units are read in the order of their names.
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
        """Whether a unit has landed whole; who asks wants it."""
        self._asked.add(name)
        return name in self.records

    def drop_unused(self) -> None:
        """Remove what an earlier run landed and this one has not asked for."""
        for name in self.records.keys() - self._asked:
            self._drop(name)

    def drop_empty(self, query: str) -> None:
        """Delete the units that hold nothing of a query, so that the next run asks it again."""
        for name, record in list(self.records.items()):
            if record.query == query and not record.received:
                self._drop(name)

    def _drop(self, name: str) -> None:
        shutil.rmtree(self.folder / name, ignore_errors=True)
        del self.records[name]

    def drop(self, prefix: str) -> None:
        """Delete the units whose name begins so: another way to pull takes their place."""
        for name in [record for record in self.records if record.startswith(prefix)]:
            self._drop(name)
            self._asked.discard(name)

    def remember(self, name: str, note: bytes) -> None:
        """Keep a small note, so that a later run of this pull goes about it in the same way."""
        write_sealed(self.folder / f"{name}.note", note)

    def recall(self, name: str) -> bytes | None:
        """What `remember` kept; None if nothing was, or it is not whole any more."""
        return read_sealed(self.folder / f"{name}.note")

    def paths(self, kind: str) -> list[Path]:
        """The files of a resource type, of all units that landed whole and were asked for."""
        found = sorted(self.folder.glob(f"[!.]*/{kind}.ndjson"))
        return [one for one in found if one.parent.name in self._asked] or [self._nothing]

    @property
    def _nothing(self) -> Path:
        """A file for a type of which nothing landed: `read_json([])` is an error (DuckDB 2.0.1)."""
        return self.folder / "nothing.ndjson"

    def file(self, path: Path) -> str | None:
        """The file that a landed one was read from; None where it came by search."""
        record = self.records.get(path.parent.name)
        return record.file or None if record else None

    def count_received(self, kind: str) -> int:
        """How many resources of a type landed, by the books of the units."""
        return sum(record.received for record in self.records.values() if record.type == kind)

    def is_whole(self, kind: str) -> bool:
        """Whether all resources of a type landed, and not only what changed."""
        return not any(record.is_change for record in self.records.values() if record.type == kind)

    @property
    def has_changes(self) -> bool:
        """Whether of any type only what changed has landed."""
        return any(record.is_change for record in self.records.values())

    def is_compared(self, kind: str) -> bool:
        """Whether what landed of a type is what the server has now, whatever its dates say."""
        return any(record.is_compared for record in self.records.values() if record.type == kind)

    def gone(self, kind: str) -> set[str]:
        """The ids of a type that are known to have left the server, or the question."""
        return {one for r in self.records.values() if r.type == kind for one in r.gone}


def _notes(folder: Path) -> dict[str, bytes]:
    """The notes of a folder, by name; what cannot be read, or is torn, is left out."""
    found = {path.stem: read_sealed(path) for path in folder.glob("*.note")}
    return {name: note for name, note in found.items() if note is not None}


def _one_line(resource: bytes) -> bytes:
    """The same JSON without newlines; what is no JSON becomes one line that the mapping judges."""
    try:
        return msgspec.json.format(resource, indent=-1)
    except (msgspec.MsgspecError, RecursionError):
        return resource.replace(b"\n", b" ")
