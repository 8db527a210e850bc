"""Who works in the output folder, and how far: one lock, and small files to look at."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from filelock import FileLock, Timeout

from abate.errors import EXIT_CODES, AbateError, Busy, StoreError
from abate.telemetry import history, signals
from abate.telemetry.history import Run
from abate.telemetry.memory import refuse_limit
from abate.telemetry.progress import FILE, Progress, Status, count

if TYPE_CHECKING:
    from abate.telemetry.log import Handler

__all__ = ["FILE", "LOCK", "Progress", "Status", "count", "held", "read", "recent"]

LOCK = "lock"
WAIT_SECONDS = 0.2  # `abate status` holds the lock for a moment to see whether it is free.


@contextmanager
def held(folder: Path, command: str, *handlers: "Handler") -> Iterator[Progress]:
    """Hold the output folder for one command, and keep its status; its log goes to `handlers`.

    Raises:
        Busy: somebody else holds it; says who and since when.
        StoreError: the folder cannot be written to.
        AbateError: the address space is limited to less than what is needed.
    """
    refuse_limit()
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
        _bury(folder)
        progress = Progress(folder, command, *handlers)
        try:
            yield progress
            signals.settle()
            signals.raise_if_signalled()
            progress.end(0)
        except BaseException as error:
            signals.settle()
            _end(progress, *_ending(error))
            raise
    finally:
        lock.release()


def _ending(error: BaseException) -> tuple[int, str]:
    """The exit code and the message of what ended a command."""
    if signals.is_asked() or isinstance(error, KeyboardInterrupt):
        return 130, EXIT_CODES[130]
    if isinstance(error, AbateError):
        return error.exit_code, str(error)
    return 1, type(error).__name__


def _end(progress: Progress, exit_code: int, message: str) -> None:
    """Note how it ended, if the disk lets us: the error that ended it is the one to tell."""
    with suppress(StoreError):
        progress.end(exit_code, message)


def _bury(folder: Path) -> None:
    """Keep a run that was killed among the others; whoever holds the lock is the only one."""
    with suppress(AbateError):
        last = _kept(folder)
        if not _is_among(last, history.recent(folder, 1)[0]):
            history.keep(_as_died(last) if last.state == "running" else last, folder)


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
            return _as_died(status)
    return status


def recent(folder: Path, number: int) -> tuple[list[Run], list[str]]:
    """The last runs, the newest last, the one that is running or has died among them; and notes.

    Raises:
        AbateError: nothing has run there.
    """
    found, notes = history.recent(folder, number)
    try:
        last = read(folder)
    except AbateError:
        if not found:
            raise
        return found, notes
    if not _is_among(last, found):
        found = [*found, history.summary(last)][-number:]
    return found, notes


def _is_among(run: Run, found: Sequence[Run]) -> bool:
    return any(run.run_id == one.run_id for one in found)


def _as_died(status: Status) -> Status:
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
