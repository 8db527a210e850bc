"""One Bulk Data export: start it, wait for it, and delete it at the end.

https://hl7.org/fhir/uv/bulkdata/STU3/export.html
"""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

import msgspec

from abate.errors import AbateError, SourceError
from abate.fhir.client import FhirServer
from abate.http import clock, display
from abate.http.failures import BUSY, Unanswered
from abate.http.response import Answer
from abate.http.retry import Attempts
from abate.telemetry.log import Log

_WHAT_TO_DO = "Wait some hours, or ask the server's operator to cancel it, and run again"
_NOT_KNOWN = f"It is not known whether an export has started there. {_WHAT_TO_DO}"

# The intervals of the messages that an export is still running, and what ends it.
_REMINDER_SECONDS = 30 * 60
# https://hl7.org/fhir/uv/bulkdata/STU2/OperationDefinition-export.html
_VALUES = {"_since": "valueInstant"}


class NotKnown(SourceError):
    """An export may have started that cannot be found or cancelled; no other one is started."""


class ExportJob:
    """An export on a server."""

    def __init__(self, server: FhirServer, log: Log, location: str = "") -> None:
        """Continue the export at `location`, if it was started before."""
        self._server, self._log = server, log
        self.location = location
        self._said = ""

    def begin(self, path: str, parameters: Mapping[str, str], filters: list[str]) -> bool:
        """Start the export; return whether the server accepted the filters.

        If the server refuses with 400, the export is started without them.

        Args:
            path: the path below the base, such as `Patient/$export`.
            parameters: the parameters of the export.
            filters: searches by type, for `_typeFilter`.

        Raises:
            NotKnown: it is not known whether the export has started, or its status URL.
            SourceError: the export is refused, or its status URL is elsewhere.
        """
        pairs, is_filtered = list(parameters.items()), bool(filters)
        answer = self._kick_off(
            path, [*pairs, *(("_typeFilter", type_filter) for type_filter in filters)]
        )
        if is_filtered and answer.status == HTTPStatus.BAD_REQUEST:
            self._log.info(
                "the server does not accept _typeFilter: all resources of each type are exported"
            )
            answer, is_filtered = self._kick_off(path, pairs), False
        if answer.status != HTTPStatus.ACCEPTED:
            raise _not_begun(answer)
        location = answer.headers.get("content-location", "")
        if not location:
            raise NotKnown(
                f"{answer.place} gives no status URL of its export: an export has started that "
                f"abate cannot wait for or cancel. {_WHAT_TO_DO}"
            )
        self.location = self._server.resolve(location)
        return is_filtered

    def _kick_off(self, path: str, parameters: list[tuple[str, str]]) -> Answer:
        """Send the kick-off request and return the answer; repeat it while the server is busy.

        It is not repeated after any other answer, which may mean that an export has started: its
        status URL would be lost. If the server does not accept GET (405), POST is used.

        Raises:
            NotKnown: there is no answer.
        """
        attempts = Attempts(self._server.limits.tries)
        while True:
            try:
                answer = self._send(path, parameters)
            except Unanswered as error:
                raise NotKnown(f"{error}. {_NOT_KNOWN}") from None
            if answer.status not in BUSY or attempts.is_last:
                return answer
            self._wait(attempts, answer, f"{answer.place} is busy")

    def _send(self, path: str, parameters: list[tuple[str, str]]) -> Answer:
        answer = self._server.start(path, parameters)
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            return self._server.start(path, body=in_fhir(parameters))
        return answer

    def manifest(self) -> Answer:
        """Wait for the export, and return the answer with its manifest.

        Raises:
            SourceError: the export has failed.
            BudgetSpent: it takes longer than the study allows.
        """
        attempts, begun = Attempts(), clock.now()
        reminded = begun
        while True:
            answer = self._server.poll(self.location)
            if answer.status == HTTPStatus.SEE_OTHER:
                answer = self._server.poll(answer.headers.get("location", ""))
            if answer.status == HTTPStatus.OK:
                return answer
            if answer.status != HTTPStatus.ACCEPTED:
                raise SourceError(
                    f"the export has failed: {answer.place} answered {answer.summary}"
                )
            if clock.now() - reminded >= _REMINDER_SECONDS:
                reminded = clock.now()
                self._remind(reminded - begun)
            self._wait(attempts, answer, _progress(answer))

    def _remind(self, seconds: float) -> None:
        """Log how long the export has been running, and whether a limit will end the wait."""
        most = self._server.limits.max_minutes
        limit = f"set to {most:g}" if most else "not set: there is no limit"
        self._log.warning(
            f"the export has not completed after {seconds / 60:.0f} minutes. [source] "
            f"max_minutes, which ends a pull, is {limit}"
        )

    def _wait(self, attempts: Attempts, answer: Answer, words: str) -> None:
        seconds = attempts.seconds(answer)
        self._server.budget.refuse_late(seconds)
        if words != self._said:
            self._log.info(f"{words}: asking again in {seconds:.0f} s")
            self._said = words
        attempts.wait(seconds=seconds)

    def drop(self) -> None:
        """Ask the server to delete the export; its answer is not checked."""
        if self.location:
            with suppress(AbateError), self._server.budget.lift():
                self._server.delete(self.location)
            self.location = ""


def _not_begun(answer: Answer) -> SourceError:
    """Return the error of a kick-off that was not answered 202."""
    words = f"{answer.place} answered {answer.summary} instead of 202"
    if answer.status in BUSY:
        return SourceError(f"{words}: no export has started. The server is busy: try later")
    if _has_refused(answer.status):
        return SourceError(
            f"{words}: no export has started. Check [source] export, and the rights of the login"
        )
    return NotKnown(f"{words}. {_NOT_KNOWN}")


def _has_refused(status: int) -> bool:
    """Return whether a status shows that no export has started; 408, 5xx and 2xx do not."""
    is_refusal = 400 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT
    return is_refusal or status == HTTPStatus.NOT_IMPLEMENTED


def in_fhir(parameters: list[tuple[str, str]]) -> bytes:
    """Return the parameters of an export as the Parameters resource for a POST."""
    named = [{"name": name, _VALUES.get(name, "valueString"): value} for name, value in parameters]
    return msgspec.json.encode({"resourceType": "Parameters", "parameter": named})


def _progress(answer: Answer) -> str:
    percent = display.percent(answer.headers.get("x-progress", ""))
    return f"the export is running ({percent})" if percent else "the export is running"
