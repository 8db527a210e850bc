"""The records of a landing folder: what a pull began with, and what each unit brought."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from abate.store.seal import Seal, is_as_sealed, read_sealed

# What landed longer ago is pulled again: it says too little of the server as it is.
KEPT = timedelta(hours=24)
PULL = "pull.json"
RECORD = "unit.json"


class LandedPull(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of landed units belongs to.

    Attributes:
        key: a digest of all that decides what is pulled: server, codes, since when.
        started_at: when the first run of it began, by this machine's clock.
        watermark: the same by the server's clock; None where the server does not say.
    """

    key: str = ""
    started_at: datetime
    watermark: datetime | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The books of one unit that landed whole.

    Attributes:
        query: the name of the question, for people.
        type: the resource type.
        expected: how many the server says it has; None where it does not say.
        received: how many distinct ids arrived.
        pages: on how many pages.
        gone: the ids that are known to have left the server, or the question.
        is_change: only what changed has landed, not all that the server has.
        is_compared: what landed is what the server has now, also where its date is an older one.
        file: the file that it was read from, where it was one; its lines have their numbers there.
        files: the landed files by name, each with its size and digest.
        left_out: how many more resources arrived, that have none of the study's codes and did not
            land.
        is_confirmed: whether a count, or a question in parts, shows that nothing is missing.
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
    """What an earlier run began, if it is the same pull and not too long ago."""
    try:
        before = msgspec.json.decode(read_sealed(folder / PULL) or b"", type=LandedPull)
    except msgspec.MsgspecError:
        return None
    is_fresh = timedelta(0) <= pull.started_at - before.started_at < KEPT
    return before if pull.key and before.key == pull.key and is_fresh else None


def records_in(folder: Path) -> Iterator[tuple[str, Record | None]]:
    """The units that an earlier run landed whole; None of one whose files are not as it left them.

    What is not used is removed, as is what was landing when the run was killed.
    """
    for unit in sorted(one for one in folder.iterdir() if one.is_dir()):
        record = None if unit.name.startswith(".") else _record(unit)
        if record is None:
            shutil.rmtree(unit, ignore_errors=True)
        if not unit.name.startswith("."):
            yield unit.name, record


def _record(unit: Path) -> Record | None:
    """The record of a landed unit, if its files are those that landed."""
    try:
        record = msgspec.json.decode(read_sealed(unit / RECORD) or b"", type=Record)
    except msgspec.MsgspecError:
        return None
    return record if is_as_sealed(unit, record.files) else None
