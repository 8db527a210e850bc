"""What became of each run, one line a run: kept in `runs.jsonl`, the newest last."""

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
        run_id: names it, in the log and in the store too.
        command: as in `abate sync`.
        started_at: when it took hold of the output folder.
        finished_at: None while it is running, and where it was killed.
        seconds: from the one to the other.
        exit_code: None while it is running, and where it was killed.
        message: why it failed.
        queries: for each query expected, received and pages; expected is None where it is unknown.
        resources: for each type received, mapped, ignored, rejected.
        lesions_analysed: None where nothing was analysed.
        analyses: `done`, or the error, by name.
        changes: how many resources of the target are created, updated, retracted, unchanged.
        dry_run: whether the changes were only looked at.
        warnings: what was said with `warning:`.
        notes: what went wrong in a plugin without stopping anything.
        requests: how many requests were sent, where the source counts them.
        unconfirmed: the queries of which nothing shows that all arrived, by their names.
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
        """How many resources arrived."""
        return sum(one["received"] or 0 for one in self.queries)

    @property
    def rejected(self) -> int:
        """How many of them could not be read."""
        return sum(one["rejected"] or 0 for one in self.resources)


def keep(run: Run, folder: Path) -> None:
    """Add a run as the last line; the oldest go when there are more than `KEPT`.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        before = _lines(path)
    lines = [*before, msgspec.json.encode(summary(run))][-KEPT:]
    write_private(path, b"".join(line + b"\n" for line in lines))


def recent(folder: Path, number: int) -> tuple[list[Run], list[str]]:
    """The last runs that were kept, the newest last, and a note on each line that is none.

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
            notes.append(f"line {place} of {FILE} cannot be read, and is passed over")
    return runs[-number:], notes


def summary(run: Run) -> Run:
    """The run alone, where `run` is more than one."""
    return Run(**{name: getattr(run, name) for name in Run.__struct_fields__})


def _lines(path: Path) -> list[bytes]:
    """The lines of the file that are not blank; none where there is no file."""
    if not path.exists():
        return []
    return [line for line in path.read_bytes().split(b"\n") if line.strip()]
