"""The frame of a command that locks an output folder: its log, its status, its final summary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

from abate.cli import stderr

if TYPE_CHECKING:
    from abate.config.settings import StudyFile
    from abate.telemetry.history import Run
    from abate.telemetry.progress import Progress

Show = Callable[["Run"], None]


class Spoken(TypedDict):
    """The options of a command that control its output on stderr."""

    log: stderr.Form
    quiet: bool


@dataclass(slots=True, kw_only=True)
class Work:
    """The progress of a command, and the output that it prints at its end."""

    progress: "Progress"
    _shows: list[Show] = field(default_factory=list)

    def at_end(self, show: Show) -> None:
        """Call `show` when the run has ended, also after an error: then its summary is complete."""
        self._shows.append(show)

    def print(self) -> None:
        """Print the results that `at_end` was given."""
        for show in self._shows:
            show(self.progress.run)


@contextmanager
def working(study_file: "StudyFile", command: str, **spoken: Unpack[Spoken]) -> Iterator[Work]:
    """Lock the output folder of a study for one command.

    Raises:
        Busy: another process has locked it.
        StoreError: the folder cannot be written to.
    """
    from importlib.metadata import version

    from abate import stage_events
    from abate.telemetry.status import held

    work: Work | None = None
    with stderr.handlers(spoken["log"], is_quiet=spoken["quiet"]) as handlers:
        try:
            with held(study_file.output, command, *handlers) as progress:
                progress.log.info("", name="run.begin", version=version("abate"))
                work = Work(progress=progress)
                yield work
        finally:
            if work is not None:
                work.print()
                stage_events.report_end(
                    work.progress.log, work.progress.run, study_file.settings.study.unit
                )
