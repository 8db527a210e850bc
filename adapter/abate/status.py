"""Who works in the output folder, and how far: one lock, and one small file to look at."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from filelock import FileLock, Timeout

from abate.errors import EXIT_CODES, AbateError, Busy, StoreError
from abate.private_file import write_private

if TYPE_CHECKING:
    from abate.publish import Change
    from abate.results import Results
    from abate.source.ledger import Ledger

FILE = "status.json"
LOCK = "lock"
WAIT_SECONDS = 0.2  # `abate status` holds the lock for a moment to see whether it is free.


class Status(msgspec.Struct, kw_only=True):
    """One execution, as `abate status` shows it. Times are UTC.

    `state` is running, done, failed, or died: its process is gone and has not said how it ended.
    """

    run_id: str
    command: str
    pid: int
    started_at: datetime
    state: str = "running"
    finished_at: datetime | None = None
    exit_code: int | None = None
    message: str = ""
    queries: list[dict[str, Any]] = []
    lesions_analysed: int | None = None
    analyses: dict[str, str] = {}
    changes: dict[str, int] = {}
    dry_run: bool = False
    notes: list[str] = []


class Progress:
    """Writes down how far a command has come, as it goes."""

    def __init__(self, folder: Path, command: str) -> None:
        """Begin an execution of `command` in the output `folder`."""
        now = datetime.now(UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        self._path = folder / FILE
        self._status = Status(run_id=self.run_id, command=command, pid=os.getpid(), started_at=now)
        self._write()

    @property
    def started_at(self) -> datetime:
        """When this execution began."""
        return self._status.started_at

    def pulled(self, ledger: "Ledger") -> None:
        """Note the books of the pull."""
        self._status.queries = [
            {
                "query": line.query,
                "type": line.type,
                "expected": line.expected,
                "received": line.received,
                "pages": line.pages,
            }
            for line in ledger.lines
        ]
        self._write()

    def analysed(self, found: "Results") -> None:
        """Note what came of the analyses."""
        self._status.lesions_analysed = found.lesions
        self._status.analyses = {one.name: one.error or "done" for one in found.outcomes}
        self._write()

    def published(self, changes: Sequence["Change"], *, dry_run: bool) -> None:
        """Note what changed on the target, or would."""
        self._status.changes = count(changes)
        self._status.dry_run = dry_run
        self._write()

    def note(self, text: str) -> None:
        """Note what went wrong without stopping anything."""
        self._status.notes.append(text)
        self._write()

    def end(self, exit_code: int, message: str = "") -> None:
        """Note how it ended."""
        self._status.state = "done" if exit_code == 0 else "failed"
        self._status.finished_at = datetime.now(UTC)
        self._status.exit_code = exit_code
        self._status.message = message
        self._write()

    def _write(self) -> None:
        text = msgspec.json.format(msgspec.json.encode(self._status), indent=2)
        write_private(self._path, text)


def count(changes: Sequence["Change"]) -> dict[str, int]:
    """How many resources are created, updated, retracted, unchanged."""
    kinds = ("create", "update", "retract", "unchanged")
    return {kind: sum(1 for change in changes if change.action == kind) for kind in kinds}


@contextmanager
def held(folder: Path, command: str) -> Iterator[Progress]:
    """Hold the output folder for one command, and keep its status.

    Raises:
        Busy: somebody else holds it; says who and since when.
        StoreError: the folder cannot be written to.
    """
    lock = FileLock(folder / LOCK, timeout=WAIT_SECONDS, mode=0o600)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Busy(_holder(folder)) from None
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be the output folder: {error.strerror}. Name another one in [output] "
            "directory, or let its owner run abate."
        ) from None
    try:
        progress = Progress(folder, command)
        try:
            yield progress
        except AbateError as error:
            _end(progress, error.exit_code, str(error))
            raise
        except KeyboardInterrupt:
            _end(progress, 130, EXIT_CODES[130])
            raise
        except BaseException as error:
            _end(progress, 1, type(error).__name__)
            raise
        progress.end(0)
    finally:
        lock.release()


def _end(progress: Progress, exit_code: int, message: str) -> None:
    """Note how it ended, if the disk lets us: the error that ended it is the one to tell."""
    with suppress(StoreError):
        progress.end(exit_code, message)


def read(folder: Path) -> Status:
    """The status of the last execution in `folder`, or of the one that is running.

    Raises:
        AbateError: nothing has run there.
    """
    status = _kept(folder)
    if status.state != "running":
        return status
    with suppress(OSError), FileLock(folder / LOCK, timeout=0, mode=0o600):
        status = _kept(folder)  # It may have ended in the meantime.
        if status.state == "running":
            status.state = "died"
            status.message = f"process {status.pid} ended without a word"
    return status


def _kept(folder: Path) -> Status:
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        raise AbateError(f"{folder}: nothing has run here yet. Begin with: abate run") from None
    except (OSError, msgspec.MsgspecError):
        raise AbateError(f"{path} cannot be read. Run again, to write it anew: abate run") from None


def _holder(folder: Path) -> str:
    try:
        status = _kept(folder)
    except AbateError:
        status = None
    if status is None or status.state != "running":  # It has the lock, and has yet to say so.
        return f"{folder} is held by another abate. Try again when it is done."
    return (
        f"{folder} is held by 'abate {status.command}' (process {status.pid}) since "
        f"{status.started_at:%Y-%m-%d %H:%M:%S} UTC. Try again when it is done."
    )
