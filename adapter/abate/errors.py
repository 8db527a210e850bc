"""Every error that abate raises on purpose, and the exit code that goes with it.

    AbateError                 1  failed
    ├── StudyFileError         2  the study file, or an option of the command line
    ├── SourceError            1  no FHIR server there, or not one that can be pulled from
    │   ├── IncompletePull     3  some of what the server has did not arrive
    │   └── LoginRefused       1  the server, or the one that gives tokens, refuses our login
    ├── NothingFound           1  no such procedures, no scores, an empty cohort
    ├── StoreError             1  the store cannot be opened, or its books do not balance
    │   └── Busy              75  somebody else holds the output folder: try later
    ├── PluginError            4  a plugin cannot be loaded
    ├── AnalysisFailed         4  an analysis stopped; the others are done
    └── PublishRefused         5  the target does not stand as the report says
        └── PublicationWaits   5  the report waits: with earlier ones it would disclose single units

A message names the thing, what was found, and the next step. It never holds patient data:
no value, name, identifier or resource content, and no text of an error of DuckDB or pydantic,
which print the value that they stumbled over.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from abate.publish.change import Change

EXIT_CODES = {
    0: "done",
    1: "failed",
    2: "used wrongly",
    3: "incomplete pull",
    4: "analysis failed",
    5: "publish refused",
    75: "busy: try later",
    130: "stopped from outside",
}


class AbateError(Exception):
    """The root of the tree: `abate` ends with `exit_code` and prints the message."""

    exit_code: ClassVar[int] = 1


class StudyFileError(AbateError):
    """The study file, or a `--set` option, cannot be used: names key, line and cure."""

    exit_code = 2


class SourceError(AbateError):
    """The server cannot be reached, refuses us, or is no FHIR R4 server."""


class IncompletePull(SourceError):
    """A query brought less than the server has; the error names it, and nothing was stored."""

    exit_code = 3


class LoginRefused(SourceError):
    """Our login is refused, or may not do what we need; another try of the same would fail too."""


class NothingFound(AbateError):
    """The server answered, and there is nothing to study: no procedures, scores, or lesions."""


class StoreError(AbateError):
    """The store cannot be read or written, or received is not mapped + ignored + rejected."""


class Busy(StoreError):
    """Another run holds the output folder."""

    exit_code = 75


class PluginError(AbateError):
    """A plugin cannot be loaded, or offers something that the contract does not allow."""

    exit_code = 4


class AnalysisFailed(AbateError):
    """At least one analysis stopped with an error; the results of the others are kept."""

    exit_code = 4


class PublishRefused(AbateError):
    """The report was not written: the target cannot take it, or the rules forbid it."""

    exit_code = 5


class PublicationWaits(PublishRefused):
    """The report waits, since it would disclose single units together with earlier releases.

    Attributes:
        changes: what was done instead: what stands there is withdrawn if it may be wrong.
    """

    def __init__(self, message: str, changes: "Sequence[Change]" = ()) -> None:
        """The report waits, as the message says."""
        super().__init__(message)
        self.changes = list(changes)


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the known name nearest to `name`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn an error of the disk into a sentence: `what` cannot be done, and what the system says.

    Raises:
        StoreError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror}") from None
