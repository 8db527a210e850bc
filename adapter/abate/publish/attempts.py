"""A transaction that was not confirmed: what is known of the target, and the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from abate.errors import PublishRefused, SourceError
from abate.fhir.client import FhirServer
from abate.http.failures import (
    CONFLICT,
    LOGIN_WANTED,
    NOT_BEGUN,
    NOT_OFFERED,
    REFUSED_CONTENT,
    TRANSIENT,
)
from abate.http.response import Answer
from abate.http.retry import seconds_to_wait
from abate.publish.change import Change
from abate.publish.transaction_response import is_of_size

# How often the transaction is sent again after a conflict, and how often the target is read.
TRIES = 3


class NothingWritten(PublishRefused):
    """Nothing was written to the target, as its resources show."""


class Unfinished(PublishRefused):
    """The attempt did not succeed, and only a new comparison shows what was written.

    Attributes:
        what: what happened.
        attempt: the attempt.
        cure: the next step for the user.
        kind: `open`, the target may still be working; `conflict`, another client wrote there; or
            `refused`.
        seconds: the wait before the comparison.
    """

    def __init__(
        self,
        what: str,
        attempt: "Attempt",
        *,
        cure: str,
        kind: Literal["open", "conflict", "refused"],
        answer: Answer | None = None,
    ) -> None:
        """Create the error; see the class. An `answer` may ask for a wait."""
        self.what, self.attempt, self.cure, self.kind = what, attempt, cure, kind
        self.seconds = seconds_to_wait(attempt.number, answer)
        super().__init__(self.describe("It is not known whether any of it was written."))

    @property
    def tries(self) -> int:
        """The number of attempts in all."""
        return {"open": self.attempt.server.limits.tries, "conflict": TRIES}.get(self.kind, 1)

    def describe(self, known: str) -> str:
        """Return the message, with what is `known` of the target."""
        return f"{self.what}. {known} {self.attempt.left}. {self.cure}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to write.

    Attributes:
        server: the target.
        number: the number of this attempt, from 1.
        left: the path and size of the Bundle, as a sentence without its full stop.
    """

    server: FhirServer
    number: int
    left: str

    def end_without_answer(self, error: SourceError) -> Unfinished:
        """Return the error of an attempt without an answer."""
        cure = "A server with a limit on the size of a request may close the connection."
        return Unfinished(f"{error}{self._times}", self, cure=cure, kind="open")

    def refuse_other(self, answer: Answer) -> None:
        """Stop unless the answer is a success.

        Raises:
            Unfinished: names the next step.
        """
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        cure = _cure(self.server, answer)
        if answer.status in TRANSIENT and answer.status not in NOT_BEGUN:
            what = f"{answer.place} answered {answer.summary} to the transaction{self._times}"
            raise Unfinished(what, self, cure=cure, kind="open", answer=answer)
        what = f"{answer.place} refused the transaction: {answer.summary}"
        if answer.status not in CONFLICT:
            raise Unfinished(what, self, cure=cure, kind="refused")
        cure = f"Another client wrote to the same resources{self._times}: try again later."
        raise Unfinished(what, self, cure=cure, kind="conflict")

    @property
    def _times(self) -> str:
        return f", {self.number} times" if self.number > 1 else ""


def refuse_unwritten(
    problem: Unfinished, needed: Mapping[str, Change], after: Sequence[Change]
) -> None:
    """Stop after the last attempt, unless the target has all resources, whatever its response.

    Raises:
        NothingWritten: the target has none of them.
        PublishRefused: says what is known of the target.
    """
    missing = {change.reference for change in after if change.is_written}
    done = sum(name not in missing for name in needed)
    if done == len(needed):
        return
    if done:
        known = (
            f"{done} of its {len(needed)} resources were written nevertheless, so the report is "
            "incomplete. Publish again; nothing is written twice."
        )
    elif problem.kind == "open":
        known = "All or none of it may have been written. Publish again; nothing is written twice."
    else:
        known = "Nothing was written: all resources were read again and are unchanged."
        if problem.attempt.number == 1:
            raise NothingWritten(problem.describe(known)) from None
    raise PublishRefused(problem.describe(known)) from None


def _cure(server: FhirServer, answer: Answer) -> str:
    """Return the next step after a refusal."""
    if is_of_size(answer):
        return (
            "The Bundle is too large for it: ask its operator to raise the limit on the body of a "
            "request or on the entries of a transaction, or publish fewer analyses."
        )
    if answer.status in LOGIN_WANTED:
        return f"{server.login_wanted(answer.status)}."
    if answer.status in NOT_BEGUN:
        return "It is too busy: publish again later."
    if answer.status in NOT_OFFERED:
        return (
            "It does not accept transactions at this URL, whatever its CapabilityStatement says: "
            "check that the url is its FHIR base URL, or upload the Bundle yourself."
        )
    if answer.status in REFUSED_CONTENT:
        return (
            "It may have its own rules, or a limit on the size of a Bundle: send a resource of the "
            "Bundle to its $validate to learn the reason."
        )
    return ""
