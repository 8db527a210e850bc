"""One Bulk Data export: begun, waited for, and taken away at the end.

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

_WHAT_TO_DO = "Wait for some hours, or have it cancelled at the server, and run again"
_NOT_KNOWN = f"It is not known whether an export has begun there. {_WHAT_TO_DO}"

# So often it is said that an export goes on, and what ends it.
_REMINDER_SECONDS = 30 * 60
# https://hl7.org/fhir/uv/bulkdata/STU2/OperationDefinition-export.html
_VALUES = {"_since": "valueInstant"}


class NotKnown(SourceError):
    """An export may have begun that can be neither found nor cancelled: no other one is begun."""


class ExportJob:
    """An export on a server."""

    def __init__(self, server: FhirServer, log: Log, location: str = "") -> None:
        """At `location`, if it was begun before."""
        self._server, self._log = server, log
        self.location = location
        self._said = ""

    def begin(self, path: str, parameters: Mapping[str, str], filters: list[str]) -> bool:
        """Begin it; whether the filters were taken.

        Where the server refuses with 400, it is begun without them.

        Args:
            path: below the base, as `Patient/$export`.
            parameters: of the export.
            filters: searches by type, for `_typeFilter`.

        Raises:
            NotKnown: the answer does not tell whether it has begun, or where it stands.
            SourceError: it is not taken up, or stands elsewhere.
        """
        pairs, is_filtered = list(parameters.items()), bool(filters)
        answer = self._kick_off(path, [*pairs, *(("_typeFilter", one) for one in filters)])
        if is_filtered and answer.status == HTTPStatus.BAD_REQUEST:
            self._log.info("the server takes no _typeFilter: everything of each type is exported")
            answer, is_filtered = self._kick_off(path, pairs), False
        if answer.status != HTTPStatus.ACCEPTED:
            raise _not_begun(answer)
        location = answer.headers.get("content-location", "")
        if not location:
            raise NotKnown(
                f"{answer.place} does not say where its export stands: one has begun there that "
                f"cannot be waited for or cancelled. {_WHAT_TO_DO}"
            )
        self.location = self._server.resolve(location)
        return is_filtered

    def _kick_off(self, path: str, parameters: list[tuple[str, str]]) -> Answer:
        """The answer to a kick-off; while the server says that it is busy, it is repeated.

        Anything else may have begun an export, which nobody could find again: it is sent once.
        A server that takes none by GET (405) is asked by POST.

        Raises:
            NotKnown: no answer came.
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
        """The answer that holds the manifest, as soon as the export is complete.

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
                raise SourceError(f"the export has failed: {answer.place} answered {answer.told}")
            if clock.now() - reminded >= _REMINDER_SECONDS:
                reminded = clock.now()
                self._remind(reminded - begun)
            self._wait(attempts, answer, _progress(answer))

    def _remind(self, seconds: float) -> None:
        """Say how long the export was waited for, and whether something ends that."""
        most = self._server.limits.max_minutes
        limit = f"set to {most:g}" if most else "not set: nothing ends it"
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
        """Tell the server that its files are no longer wanted; whether it listens is its matter."""
        if self.location:
            with suppress(AbateError), self._server.budget.lift():
                self._server.delete(self.location)
            self.location = ""


def _not_begun(answer: Answer) -> SourceError:
    """The error of a kick-off that was not answered 202."""
    words = f"{answer.place} answered {answer.told}, and not 202"
    if answer.status in BUSY:
        return SourceError(f"{words}: no export has begun. The server is busy: try later")
    if _has_refused(answer.status):
        return SourceError(
            f"{words}: no export has begun. Check [source] export, and the rights of the login"
        )
    return NotKnown(f"{words}. {_NOT_KNOWN}")


def _has_refused(status: int) -> bool:
    """Whether a status says that nothing has begun: 408 and 5xx do not, nor does a success."""
    is_refusal = 400 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT
    return is_refusal or status == HTTPStatus.NOT_IMPLEMENTED


def in_fhir(parameters: list[tuple[str, str]]) -> bytes:
    """Parameters of an export as the resource that a POST sends."""
    named = [{"name": name, _VALUES.get(name, "valueString"): value} for name, value in parameters]
    return msgspec.json.encode({"resourceType": "Parameters", "parameter": named})


def _progress(answer: Answer) -> str:
    percent = display.percent(answer.headers.get("x-progress", ""))
    return f"the export is under way ({percent})" if percent else "the export is under way"
