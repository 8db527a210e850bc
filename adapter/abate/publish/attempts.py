"""A transaction that the target did not answer with success: what is known, and what helps."""

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

# So often others may write in between, and so often what was written is looked for.
TRIES = 3


class NothingWritten(PublishRefused):
    """The target is known to have taken nothing."""


class Unfinished(PublishRefused):
    """This try did not succeed, and only a new comparison tells what stands there.

    Attributes:
        what: what happened.
        attempt: the try.
        cure: what somebody can do about it.
        kind: `open`, the target may still be at work on it; `conflict`, somebody else wrote there;
            or `refused`.
        seconds: how long to wait before the comparison.
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
        """`what` happened; see the class. An `answer` may ask for a wait."""
        self.what, self.attempt, self.cure, self.kind = what, attempt, cure, kind
        self.seconds = seconds_to_wait(attempt.number, answer)
        super().__init__(self.describe("It is not known whether any of it was written."))

    @property
    def tries(self) -> int:
        """How often to send it in all."""
        return {"open": self.attempt.server.limits.tries, "conflict": TRIES}.get(self.kind, 1)

    def describe(self, known: str) -> str:
        """The message, with what is known of what stands there."""
        return f"{self.what}. {known} {self.attempt.left}. {self.cure}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to write.

    Attributes:
        server: the target.
        number: how often it was tried, with this time.
        left: where the Bundle lies, and its size, as a sentence without its full stop.
    """

    server: FhirServer
    number: int
    left: str

    def end_without_answer(self, error: SourceError) -> Unfinished:
        """The end of a try that no answer came to."""
        cure = "A server that limits the size of a request may break the connection meanwhile."
        return Unfinished(f"{error}{self._times}", self, cure=cure, kind="open")

    def refuse_other(self, answer: Answer) -> None:
        """Stop at any answer but success.

        Raises:
            Unfinished: says what somebody can do.
        """
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        cure = _cure(self.server, answer)
        if answer.status in TRANSIENT and answer.status not in NOT_BEGUN:
            said = f"{answer.place} answered {answer.summary} to the transaction{self._times}"
            raise Unfinished(said, self, cure=cure, kind="open", answer=answer)
        said = f"{answer.place} refused the transaction: {answer.summary}"
        if answer.status not in CONFLICT:
            raise Unfinished(said, self, cure=cure, kind="refused")
        cure = f"Somebody else wrote there meanwhile{self._times}: try again later."
        raise Unfinished(said, self, cure=cure, kind="conflict")

    @property
    def _times(self) -> str:
        return f", {self.number} times" if self.number > 1 else ""


def refuse_unwritten(
    problem: Unfinished, needed: Mapping[str, Change], after: Sequence[Change]
) -> None:
    """Stop after the last try, unless all of it stands there whatever the target answered.

    Raises:
        NothingWritten: nothing of it stands there.
        PublishRefused: says what is known of what stands there.
    """
    missing = {one.reference for one in after if one.is_written}
    done = sum(name not in missing for name in needed)
    if done == len(needed):
        return
    if done:
        known = (
            f"{done} of its {len(needed)} resources stand there all the same, so that the report "
            "is not whole: publish again, which writes nothing twice."
        )
    elif problem.kind == "open":
        known = (
            "It may have been written all the same, as a whole or not at all: publish again, which "
            "writes nothing twice."
        )
    else:
        known = "Nothing was written there: all was read again and is as before."
        if problem.attempt.number == 1:
            raise NothingWritten(problem.describe(known)) from None
    raise PublishRefused(problem.describe(known)) from None


def _cure(server: FhirServer, answer: Answer) -> str:
    """What somebody can do about a refusal."""
    if is_of_size(answer):
        return (
            "It takes no Bundle of this size: ask those who run it to raise the limit on the body "
            "of a request or on the entries of a transaction, or publish fewer analyses."
        )
    if answer.status in LOGIN_WANTED:
        return f"{server.login_wanted(answer.status)}."
    if answer.status in NOT_BEGUN:
        return "It is too busy: publish again later."
    if answer.status in NOT_OFFERED:
        return (
            "It takes no transactions at this address, whatever its CapabilityStatement says: "
            "check that the url is its FHIR base URL, or take the Bundle there by hand."
        )
    if answer.status in REFUSED_CONTENT:
        return (
            "It has rules of its own, or a limit on the size of a Bundle: send a resource of the "
            "Bundle to its $validate to read why."
        )
    return ""
