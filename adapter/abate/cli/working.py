"""A command that holds an output folder: its voice, its status, its summary at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

from abate.cli import voice

if TYPE_CHECKING:
    from abate.progress import Progress
    from abate.runs import Run
    from abate.say import Say
    from abate.settings import StudyFile

Show = Callable[["Run"], None]


class Spoken(TypedDict):
    """The options of a command that say how it speaks."""

    log: voice.Chosen
    quiet: bool


@dataclass(slots=True, kw_only=True)
class Work:
    """What a command works with."""

    progress: "Progress"
    say: "Say"
    _shows: list[Show] = field(default_factory=list)

    def at_end(self, show: Show) -> None:
        """Print a result when the run has ended, well or not: only then is its summary whole."""
        self._shows.append(show)

    def print(self) -> None:
        """Print what is there to print."""
        for show in self._shows:
            show(self.progress.run)


@contextmanager
def working(study_file: "StudyFile", command: str, **spoken: Unpack[Spoken]) -> Iterator[Work]:
    """Hold the output folder of a study for one command.

    Raises:
        Busy: somebody else holds it.
        StoreError: the folder cannot be written to.
    """
    from importlib.metadata import version

    from abate import told
    from abate.status import held

    work: Work | None = None
    try:
        with held(study_file.output, command) as progress:
            bound = {"run_id": progress.run_id, "command": command}
            with voice.voice(
                spoken["log"], progress.pseudonym, is_quiet=spoken["quiet"], **bound
            ) as say:
                say("", event="run.begin", version=version("abate"))
                work = Work(progress=progress, say=say)
                yield work
    finally:
        if work is not None:
            work.print()
            told.ended(say, work.progress.run)
