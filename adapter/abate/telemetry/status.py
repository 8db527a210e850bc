"""The lock of the output folder, and the status of the command that holds it."""

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
WAIT_SECONDS = 0.2  # `abate status` takes the lock for a moment to test whether it is free.


@contextmanager
def held(folder: Path, command: str, *handlers: "Handler") -> Iterator[Progress]:
    """Lock the output folder for one command, and record its status; its log goes to `handlers`.

    Raises:
        Busy: another process has locked it; names the process and the time.
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
            f"{folder} cannot be the output folder: {error.strerror}. Set another folder in "
            "[output] directory, or run abate as the owner of this one."
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
    """Return the exit code and the message for the exception that ended a command."""
    if signals.is_asked() or isinstance(error, KeyboardInterrupt):
        return 130, EXIT_CODES[130]
    if isinstance(error, AbateError):
        return error.exit_code, str(error)
    return 1, type(error).__name__


def _end(progress: Progress, exit_code: int, message: str) -> None:
    """Record how the command ended. An error while recording must not hide the first error."""
    with suppress(StoreError):
        progress.end(exit_code, message)


def _bury(folder: Path) -> None:
    """Add a killed run to the history. The caller holds the lock, so no other command writes."""
    with suppress(AbateError):
        last = _keep(folder)
        if not _is_among(last, history.recent(folder, 1)[0]):
            history.keep(_as_died(last) if last.state == "running" else last, folder)


def read(folder: Path) -> Status:
    """Return the status of the running or the last execution in `folder`.

    Raises:
        AbateError: nothing has run there.
    """
    status = _keep(folder)
    if status.state != "running":
        return status
    with suppress(OSError), FileLock(folder / LOCK, timeout=0, mode=0o600):
        status = _keep(folder)  # It may have ended between the first read and the lock.
        if status.state == "running":
            return _as_died(status)
    return status


def recent(folder: Path, number: int) -> tuple[list[Run], list[str]]:
    """Return the last runs, the newest last, with notes on invalid lines.

    A run that is running or has died is included.

    Raises:
        AbateError: nothing has run there.
    """
    runs, notes = history.recent(folder, number)
    try:
        last = read(folder)
    except AbateError:
        if not runs:
            raise
        return runs, notes
    if not _is_among(last, runs):
        runs = [*runs, history.summary(last)][-number:]
    return runs, notes


def _is_among(run: Run, runs: Sequence[Run]) -> bool:
    return any(run.run_id == other.run_id for other in runs)


def _as_died(status: Status) -> Status:
    status.state = "died"
    status.message = f"process {status.pid} ended unexpectedly"
    return status


def _keep(folder: Path) -> Status:
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        raise AbateError(f"{folder}: nothing has run here yet. Start with: abate run") from None
    except (OSError, msgspec.MsgspecError):
        raise AbateError(f"{path} cannot be read. To replace it, run: abate run") from None


def _holder(folder: Path) -> str:
    try:
        status = _keep(folder)
    except AbateError:
        status = None
    if status is None or status.state != "running":  # It has the lock, but no status file yet.
        return f"{folder} is in use by another abate process. Try again when it is done."
    return (
        f"{folder} is in use by 'abate {status.command}' (process {status.pid}) since "
        f"{status.started_at:%Y-%m-%d %H:%M:%S} UTC. Try again when it is done."
    )
