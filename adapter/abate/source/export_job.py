"""One Bulk Data export: begun, waited for, and taken away at the end.

https://hl7.org/fhir/uv/bulkdata/STU3/export.html
"""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from itertools import count

import msgspec

from abate.errors import AbateError, SourceError
from abate.source import Say, clock, shown
from abate.source.answer import Answer
from abate.source.http import FhirServer
from abate.source.trouble import RETRIED
from abate.source.waiting import asked_wait, backoff

# https://hl7.org/fhir/uv/bulkdata/STU2/OperationDefinition-export.html
_VALUES = {"_since": "valueInstant"}


class ExportJob:
    """An export on a server."""

    def __init__(self, server: FhirServer, say: Say, location: str = "") -> None:
        """At `location`, if it was begun before."""
        self._server, self._say = server, say
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
            SourceError: it is not taken up, or not said where it stands.
        """
        pairs, is_filtered = list(parameters.items()), bool(filters)
        answer = self._asked(path, [*pairs, *(("_typeFilter", one) for one in filters)])
        if is_filtered and answer.status == HTTPStatus.BAD_REQUEST:
            self._say("the server takes no _typeFilter: everything of each type is exported")
            answer, is_filtered = self._asked(path, pairs), False
        location = answer.headers.get("content-location", "")
        if answer.status != HTTPStatus.ACCEPTED:
            raise SourceError(
                f"{answer.place} answered {answer.told}, and not 202: no export has begun. "
                "Check [source] export, and the rights of the login"
            )
        if not location:
            raise SourceError(f"{answer.place} does not say where its export stands")
        self.location = self._server.resolve(location)
        return is_filtered

    def _asked(self, path: str, parameters: list[tuple[str, str]]) -> Answer:
        """The answer to a kick-off; where the server is busy, after some waits.

        A server that takes none by GET (405) is asked by POST.
        """
        for tried in count(1):
            answer = self._server.start(path, parameters)
            if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
                answer = self._server.start(path, body=in_fhir(parameters))
            if answer.status not in RETRIED or tried >= self._server.limits.tries:
                return answer
            self._wait(asked_wait(answer.headers) or backoff(tried), f"{answer.place} is busy")
        raise AssertionError  # count has no end

    def manifest(self) -> Answer:
        """The answer that holds the manifest, as soon as the export is complete.

        Raises:
            SourceError: the export has failed.
            BudgetSpent: it takes longer than the study allows.
        """
        for polled in count(1):
            answer = self._server.poll(self.location)
            if answer.status == HTTPStatus.SEE_OTHER:
                answer = self._server.poll(answer.headers.get("location", ""))
            if answer.status == HTTPStatus.OK:
                return answer
            if answer.status != HTTPStatus.ACCEPTED:
                raise SourceError(f"the export has failed: {answer.place} answered {answer.told}")
            self._wait(asked_wait(answer.headers) or backoff(polled), _progress(answer))
        raise AssertionError  # count has no end

    def _wait(self, seconds: float, words: str) -> None:
        self._server.budget.refuse_late(seconds)
        if words != self._said:
            self._say(f"{words}: asking again in {seconds:.0f} s")
            self._said = words
        clock.sleep(seconds)

    def drop(self) -> None:
        """Tell the server that its files are no longer wanted; whether it listens is its matter."""
        if self.location:
            with suppress(AbateError), self._server.budget.lifted():
                self._server.delete(self.location)
            self.location = ""


def in_fhir(parameters: list[tuple[str, str]]) -> bytes:
    """Parameters of an export as the resource that a POST sends."""
    named = [{"name": name, _VALUES.get(name, "valueString"): value} for name, value in parameters]
    return msgspec.json.encode({"resourceType": "Parameters", "parameter": named})


def _progress(answer: Answer) -> str:
    percent = shown.percent(answer.headers.get("x-progress", ""))
    return f"the export is under way ({percent})" if percent else "the export is under way"
