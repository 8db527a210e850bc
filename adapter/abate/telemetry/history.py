"""The history of runs: one line per run in `runs.jsonl`, the newest last."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from abate.errors import AbateError, disk_errors
from abate.telemetry.private_file import write_private

FILE = "runs.jsonl"
KEPT = 300


class Run(msgspec.Struct, kw_only=True):
    """One execution of a command, as far as it is known. Times are UTC.

    Attributes:
        run_id: identifies the execution, also in the log and in the store.
        command: as in `abate sync`.
        started_at: when it locked the output folder.
        finished_at: None while it is running, or if it was killed.
        seconds: the time from start to finish.
        exit_code: None while it is running, or if it was killed.
        message: why it failed.
        queries: for each query expected, received and pages; expected is None if it is unknown.
        resources: for each type received, mapped, ignored, rejected.
        deleted: for each type the number of stored resources that were deleted on the server.
        lesions_analysed: None if nothing was analysed.
        analyses: `done`, or the error, by name.
        changes: how many resources of the target are created, updated, retracted, unchanged.
        dry_run: whether the changes were shown and not written.
        warnings: the warnings of the log, each with `warning:`.
        notes: errors in plugins that did not stop the command.
        requests: how many requests were sent; None if the source does not count them.
        unconfirmed: the names of the queries whose completeness nothing confirms.
    """

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime | None = None
    seconds: float | None = None
    exit_code: int | None = None
    message: str = ""
    queries: list[dict[str, Any]] = []
    resources: list[dict[str, Any]] = []
    deleted: dict[str, int] = {}
    lesions_analysed: int | None = None
    analyses: dict[str, str] = {}
    changes: dict[str, int] = {}
    dry_run: bool = False
    warnings: list[str] = []
    notes: list[str] = []
    requests: int | None = None
    unconfirmed: list[str] = []

    @property
    def received(self) -> int:
        """The number of received resources."""
        return sum(query["received"] or 0 for query in self.queries)

    @property
    def rejected(self) -> int:
        """The number of received resources that could not be read."""
        return sum(resource["rejected"] or 0 for resource in self.resources)


def keep(run: Run, folder: Path) -> None:
    """Append a run to the history; keep only the last `KEPT` runs.

    Raises:
        StoreError: the file cannot be written.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        before = _lines(path)
    lines = [*before, msgspec.json.encode(summary(run))][-KEPT:]
    write_private(path, b"".join(line + b"\n" for line in lines))


def recent(folder: Path, number: int) -> tuple[list[Run], list[str]]:
    """Return the last runs of the history, the newest last, and a note on each invalid line.

    Raises:
        AbateError: the file cannot be read.
    """
    path = folder / FILE
    try:
        lines = _lines(path)
    except OSError as error:
        raise AbateError(f"{path} cannot be read: {error.strerror}") from None
    runs, notes = [], []
    for place, line in enumerate(lines, start=1):
        try:
            runs.append(msgspec.json.decode(line, type=Run))
        except (msgspec.MsgspecError, UnicodeError):
            notes.append(f"line {place} of {FILE} cannot be read and is ignored")
    return runs[-number:], notes


def summary(run: Run) -> Run:
    """Return a plain `Run`, without the further fields of a subclass."""
    return Run(**{name: getattr(run, name) for name in Run.__struct_fields__})


def _lines(path: Path) -> list[bytes]:
    """Return the lines of the file that are not blank; an empty list if there is no file."""
    if not path.exists():
        return []
    return [line for line in path.read_bytes().split(b"\n") if line.strip()]
