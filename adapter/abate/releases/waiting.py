"""The report that waits to be published: a small file in the output folder."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from abate.errors import disk_errors
from abate.telemetry.private_file import write_private

FILE = "waiting.json"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A report that waits.

    Attributes:
        study: the study's id.
        target: the base URL that it would go to.
        since: when the wait began.
        why: the reason, as a sentence.
        more: how many more units must differ; None if no number helps.
        is_withdrawn: whether the report on the target was withdrawn, because a figure of it may
            be wrong.
    """

    study: str
    target: str
    since: datetime
    why: str
    more: int | None = None
    is_withdrawn: bool = False

    @property
    def sentence(self) -> str:
        """The message: what waits, since when, and the next step."""
        withdrawn = (
            " The report on the target is withdrawn (correction pending), because its figures are "
            "no longer right, or may not be right."
            if self.is_withdrawn
            else ""
        )
        return (
            f"the report of the study {self.study!r} to {self.target} waits since "
            f"{self.since:%Y-%m-%d %H:%M} UTC: {self.why}.{withdrawn} It will be published as soon "
            "as it may; to publish it now: abate publish --replace"
        )


def note(folder: Path, waiting: Waiting) -> Waiting:
    """Note what waits; the beginning of the wait is kept from an earlier note.

    Raises:
        StoreError: the file cannot be written.
    """
    before = read(folder)
    if before and (before.study, before.target) == (waiting.study, waiting.target):
        waiting = msgspec.structs.replace(waiting, since=before.since)
    write_private(folder / FILE, msgspec.json.format(msgspec.json.encode(waiting), indent=2))
    return waiting


def read(folder: Path) -> Waiting | None:
    """Return what waits; None if nothing does, or the file cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Waiting)
    except (OSError, msgspec.MsgspecError):
        return None


def clear(folder: Path) -> None:
    """Remove the note.

    Raises:
        StoreError: the file cannot be removed.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        path.unlink(missing_ok=True)


def now() -> datetime:
    """Return the time to the second."""
    return datetime.now(UTC).replace(microsecond=0)
