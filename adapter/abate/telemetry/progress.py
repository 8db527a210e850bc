"""The progress of a command, written to `status.json` while it runs."""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from abate.telemetry import history, redact
from abate.telemetry.history import Run
from abate.telemetry.private_file import write_private
from abate.telemetry.pseudonyms import naming

if TYPE_CHECKING:
    from abate.analysis.results import Results
    from abate.publish.change import Change
    from abate.store.ledger import Ledger
    from abate.telemetry.log import Handler, Line

FILE = "status.json"
# Pages may arrive quickly: for them, the file is written at most once in this time.
WRITE_SECONDS = 1.0
_BOOKED = ("query", "type", "expected", "received", "pages")
_MAPPED = ("type", "received", "mapped", "ignored", "rejected")


class OpenQuery(msgspec.Struct, kw_only=True):
    """The current query of a pull, and when it began."""

    query: str
    type: str
    since: datetime


class Status(Run, kw_only=True):
    """One execution, as `abate status` shows it: the run so far, and its current stage.

    `state` is running, done, failed, or died: its process ended without recording how. `stage` is
    the current stage, which began at `since`; `asking` is the current query.
    """

    pid: int
    state: str = "running"
    stage: str = ""
    since: datetime | None = None
    asking: OpenQuery | None = None


class Progress:
    """Writes the progress of a command to its status file.

    Attributes:
        run_id: identifies this execution.
        pseudonym: makes the pseudonyms of resources for its log and its status.
        log: the log of the command; its events also update the status.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        *handlers: "Handler",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Start an execution of `command` in the output `folder`; its log goes to `handlers`."""
        from abate.telemetry.log import logger

        now = datetime.now(UTC)
        self.run_id = new_run_id(now)
        self.pseudonym = naming(folder)
        self.log = logger(
            self._note_line, *handlers, named=self.pseudonym, run_id=self.run_id, command=command
        )
        self._folder = folder
        self._clock = clock
        self._written_at = 0.0
        self._status = Status(run_id=self.run_id, command=command, pid=os.getpid(), started_at=now)
        self._write()

    @property
    def started_at(self) -> datetime:
        """When this execution began."""
        return self._status.started_at

    @property
    def unconfirmed(self) -> list[str]:
        """The names of the queries whose completeness nothing confirms."""
        return self._status.unconfirmed

    @property
    def run(self) -> Run:
        """The run as far as it is known."""
        return history.summary(self._status)

    def note_pull(self, ledger: "Ledger") -> None:
        """Record the counts of the pull."""
        self._status.queries = [dict(line.fields) for line in ledger.lines]
        self._status.unconfirmed = ledger.unconfirmed
        self._write()

    def note_analyses(self, results: "Results") -> None:
        """Record the outcomes of the analyses."""
        self._status.lesions_analysed = results.lesions
        self._status.analyses = {
            outcome.name: redact.sentence(outcome.error or "done", self.pseudonym)
            for outcome in results.outcomes
        }
        self._write()

    def note_changes(self, changes: Sequence["Change"], *, dry_run: bool) -> None:
        """Record the changes on the target, or those of a dry run."""
        self._status.changes = count(changes)
        self._status.dry_run = dry_run
        self._write()

    def note(self, text: str) -> None:
        """Record an error that did not stop the command."""
        self._status.notes.append(redact.sentence(text, self.pseudonym))
        self._write()

    def end(self, exit_code: int, message: str = "") -> None:
        """Record how the command ended, in the status and in the history of runs.

        Raises:
            StoreError: a file cannot be written.
        """
        status = self._status
        status.state = "done" if exit_code == 0 else "failed"
        status.finished_at = datetime.now(UTC)
        status.seconds = round((status.finished_at - status.started_at).total_seconds(), 3)
        status.exit_code = exit_code
        status.message = redact.sentence(message, self.pseudonym)
        status.stage, status.since, status.asking = "", None, None
        self._write()
        history.keep(status, self._folder)

    def _note_line(self, line: "Line") -> None:
        from abate.telemetry.log import sentence

        if line["level"] == "warning":
            self._status.warnings.append(sentence(line))
            self._write()
        match line["event"]:
            case "stage.begin":
                self._status.stage = line["stage"]
                self._status.since, self._status.asking = datetime.now(UTC), None
                self._write(is_lasting=False)
            case "query.begin":
                self._status.asking = OpenQuery(
                    query=line["query"], type=line["type"], since=datetime.now(UTC)
                )
                self._write(is_lasting=False)
            case "query.page":
                self._book(line)
                if self._clock() - self._written_at >= WRITE_SECONDS:
                    self._write(is_lasting=False)
            case _:
                self._note_count(line)

    def _note_count(self, line: "Line") -> None:
        match line["event"]:
            case "mapping.done":
                self._status.resources.append(_some(line, _MAPPED))
            case "mapping.deleted":
                self._status.deleted[line["type"]] = line["deleted"]
            case "pull.done":
                self._status.requests = line["requests"]

    def _book(self, fields: "Line") -> None:
        """Replace the counts of a query with the newer ones."""
        line = _some(fields, _BOOKED)
        books = self._status.queries
        for place, known in enumerate(books):
            if (known["query"], known["type"]) == (line["query"], line["type"]):
                books[place] = line
                return
        books.append(line)

    def _write(self, *, is_lasting: bool = True) -> None:
        text = msgspec.json.format(msgspec.json.encode(self._status), indent=2)
        write_private(self._folder / FILE, text, is_lasting=is_lasting)
        self._written_at = self._clock()


def new_run_id(now: datetime) -> str:
    """Return an id for an execution: its start time and four random hexadecimal digits."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def count(changes: Sequence["Change"]) -> dict[str, int]:
    """Count the resources that are created, updated, retracted and unchanged."""
    kinds = ("create", "update", "retract", "unchanged")
    return {kind: sum(1 for change in changes if change.action == kind) for kind in kinds}


def _some(fields: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: fields.get(name) for name in names}
