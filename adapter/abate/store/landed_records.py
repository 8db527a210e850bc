"""The records of a landing folder: what a pull began with, and what each unit brought."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from abate.store.seal import Seal, is_as_sealed, read_sealed

# Older landed units are pulled again: the server may have changed too much since.
KEPT = timedelta(hours=24)
PULL = "pull.json"
RECORD = "unit.json"


class LandedPull(msgspec.Struct, frozen=True, kw_only=True):
    """The pull that a folder of landed units belongs to.

    Attributes:
        key: a digest of all that decides what is pulled, such as server, codes and watermark.
        started_at: when its first run began, by this machine's clock.
        watermark: the same by the server's clock; None if the server does not give its time.
    """

    key: str = ""
    started_at: datetime
    watermark: datetime | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one unit that landed completely.

    Attributes:
        query: the name of the query, for people.
        type: the resource type.
        expected: the server's count; None if it gives none.
        received: the number of distinct ids received.
        pages: the number of pages.
        gone: the ids that were deleted on the server, or that the query no longer finds.
        is_change: whether the unit has only changes, and not all resources of the server.
        is_compared: whether its versions are the server's current ones, even with older dates.
        file: the study's file that the unit was read from; line numbers are the same in both.
        files: the landed files by name, each with its size and digest.
        left_out: the number of further resources that have none of the study's codes and did not
            land.
        is_confirmed: whether a count, or a query by partitions, shows that nothing is missing.
    """

    query: str
    type: str
    expected: int | None
    received: int
    pages: int
    gone: tuple[str, ...] = ()
    is_change: bool = False
    is_compared: bool = False
    file: str = ""
    files: dict[str, Seal] = {}
    left_out: int = 0
    is_confirmed: bool = True


def find_earlier(folder: Path, pull: LandedPull) -> LandedPull | None:
    """Return the pull that an earlier run began, if it is the same one and not too old."""
    try:
        before = msgspec.json.decode(read_sealed(folder / PULL) or b"", type=LandedPull)
    except msgspec.MsgspecError:
        return None
    is_fresh = timedelta(0) <= pull.started_at - before.started_at < KEPT
    return before if pull.key and before.key == pull.key and is_fresh else None


def records_in(folder: Path) -> Iterator[tuple[str, Record | None]]:
    """Give the units that an earlier run landed completely; None if their files have changed since.

    Units that cannot be used are removed, as is the one that was landing when the run was killed.
    """
    for unit in sorted(path for path in folder.iterdir() if path.is_dir()):
        record = None if unit.name.startswith(".") else _record(unit)
        if record is None:
            shutil.rmtree(unit, ignore_errors=True)
        if not unit.name.startswith("."):
            yield unit.name, record


def _record(unit: Path) -> Record | None:
    """Return the record of a landed unit, if its files are as they landed."""
    try:
        record = msgspec.json.decode(read_sealed(unit / RECORD) or b"", type=Record)
    except msgspec.MsgspecError:
        return None
    return record if is_as_sealed(unit, record.files) else None
