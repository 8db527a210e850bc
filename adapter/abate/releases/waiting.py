"""What waits to be published, and since when: a small file in the output folder."""

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
        since: since when a report waits there.
        why: in a sentence.
        more: how many units more must differ; None where no number helps.
        is_withdrawn: whether the report that stands there was withdrawn, since a figure of it is
            not known to be still right.
    """

    study: str
    target: str
    since: datetime
    why: str
    more: int | None = None
    is_withdrawn: bool = False

    @property
    def sentence(self) -> str:
        """What waits, since when, and what can be done."""
        withdrawn = (
            " The report that stands there is withdrawn (correction pending), since its figures "
            "are no longer right, or cannot be shown to be right."
            if self.is_withdrawn
            else ""
        )
        return (
            f"the report of the study {self.study!r} to {self.target} waits since "
            f"{self.since:%Y-%m-%d %H:%M} UTC: {self.why}.{withdrawn} It is published when it may "
            "be; to publish it all the same: abate publish --replace"
        )


def note(folder: Path, waiting: Waiting) -> Waiting:
    """Note what waits; since when is kept from what waited there before.

    Raises:
        StoreError: the disk refuses.
    """
    before = read(folder)
    if before and (before.study, before.target) == (waiting.study, waiting.target):
        waiting = msgspec.structs.replace(waiting, since=before.since)
    write_private(folder / FILE, msgspec.json.format(msgspec.json.encode(waiting), indent=2))
    return waiting


def read(folder: Path) -> Waiting | None:
    """What waits; None if nothing does, or the file cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Waiting)
    except (OSError, msgspec.MsgspecError):
        return None


def clear(folder: Path) -> None:
    """Nothing waits any more.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        path.unlink(missing_ok=True)


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
