"""The errors that abate raises, and their exit codes.

    AbateError                 1  failed
    ├── StudyFileError         2  the study file, or an option of the command line
    ├── SourceError            1  the server cannot be reached, or abate cannot pull from it
    │   ├── IncompletePull     3  the server has more resources than were received
    │   └── LoginRefused       1  the server, or its token endpoint, refuses the login
    ├── NothingFound           1  no index procedures, no scores, or an empty cohort
    ├── StoreError             1  the store cannot be opened, or its counts do not add up
    │   └── Busy              75  another process has locked the output folder: try later
    ├── PluginError            4  a plugin cannot be loaded
    ├── AnalysisFailed         4  an analysis failed; the others are done
    └── PublishRefused         5  the report is not, or may not be, on the target
        └── PublicationWaits   5  the report waits: with earlier ones it would disclose single units

A message names the problem and the next step. It never contains patient data: no value, name,
identifier or resource content, and no text of an error of DuckDB or pydantic, since these print
the value that caused the error.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from abate.publish.change import Change

EXIT_CODES = {
    0: "done",
    1: "failed",
    2: "usage error",
    3: "incomplete pull",
    4: "analysis failed",
    5: "publish refused",
    75: "busy: try later",
    130: "stopped by a signal",
}


class AbateError(Exception):
    """The root of the tree: `abate` ends with `exit_code` and prints the message."""

    exit_code: ClassVar[int] = 1


class StudyFileError(AbateError):
    """The study file or a `--set` option is invalid. The message names key, line and solution."""

    exit_code = 2


class SourceError(AbateError):
    """The server cannot be reached, refuses the request, or is not a FHIR R4 server."""


NOTHING_STORED = "Nothing was stored; run again."


class IncompletePull(SourceError):
    """A query returned less than the server has. The message names it; nothing was stored."""

    exit_code = 3

    @property
    def reason(self) -> str:
        """The message for a warning of a pull that goes on, and so stores something."""
        return str(self).removesuffix(NOTHING_STORED).rstrip()


class LoginRefused(SourceError):
    """The login is refused or lacks a right. A retry would fail too."""


class NothingFound(AbateError):
    """The server has nothing to study: no index procedures, no scores, or no lesions."""


class StoreError(AbateError):
    """The store cannot be read or written, or received != mapped + ignored + rejected."""


class Busy(StoreError):
    """Another command has locked the output folder."""

    exit_code = 75


class PluginError(AbateError):
    """A plugin cannot be loaded, or violates the contract."""

    exit_code = 4


class AnalysisFailed(AbateError):
    """At least one analysis failed; the results of the others are kept."""

    exit_code = 4


class PublishRefused(AbateError):
    """The report was not written: the target cannot take it, or the rules forbid it."""

    exit_code = 5


class PublicationWaits(PublishRefused):
    """The report waits, since it would disclose single units together with earlier releases.

    Attributes:
        changes: the changes made instead: a report on the target that may be wrong is withdrawn.
    """

    def __init__(self, message: str, changes: "Sequence[Change]" = ()) -> None:
        """Create the error with the changes that were made instead."""
        super().__init__(message)
        self.changes = list(changes)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the known name nearest to `name`, or an empty text."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn an OSError into a StoreError: `what`, and the reason that the system gives.

    Raises:
        StoreError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror}") from None
