"""What may go wrong with one request, in words, and whether asking again may help."""

import ssl
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from abate.errors import SourceError
from abate.source.answer import Answer, shown_type
from abate.source.waiting import asked_wait

RETRIED = (408, 425, 429, 500, 502, 503, 504)
# All that asks this server rests, and not only the thread that was told so.
RESTING = (429, 503)
# What costs the server a whole answer each time is not asked for as often as one that is away.
COSTLY_TRIES = 3


class Unseen(SourceError):
    """The server cannot be reached, and has not seen what it was asked."""


class Unanswered(SourceError):
    """No whole answer came, and the server may have done what it was asked."""


@dataclass(eq=False)
class Trouble(Exception):
    """One try went wrong.

    Attributes:
        words: what happened, and where.
        was_sent: whether the server may have seen the request.
        may_pass: whether it may go better the next time.
        is_costly: whether the server has worked for it.
        answer: what it said, where that was a whole answer.
        cure: what somebody can do about it.
    """

    words: str
    _: KW_ONLY
    was_sent: bool = True
    may_pass: bool = True
    is_costly: bool = False
    answer: Answer | None = None
    cure: str = ""

    @property
    def asked(self) -> float | None:
        """Seconds that the server asks us to wait."""
        return asked_wait(self.answer.headers) if self.answer else None

    @property
    def is_rest(self) -> bool:
        """Whether the server asks to be left alone, by whomever."""
        return self.answer is not None and self.answer.status in RESTING

    def is_worth(self, tried: int, tries: int, *, is_read: bool) -> bool:
        """Whether to ask again after so many tries of so many; a write only if none was sent."""
        most = min(tries, COSTLY_TRIES) if self.is_costly else tries
        return self.may_pass and tried < most and (is_read or not self.was_sent)

    def ending(self) -> Answer:
        """The answer as it is, where there is one.

        Raises:
            Unanswered: there is none, and the server may have seen the request.
            Unseen: there is none, and it has not.
        """
        if self.answer is None:
            kind = Unanswered if self.was_sent and self.may_pass else Unseen
            raise kind(f"{self.words}{self.cure}") from None
        return self.answer


def refuse_flawed(answer: Answer, *, is_fhir: bool) -> None:
    """Stop at an answer that is worth asking for again.

    A gateway that gives up answers `{"message": "Endpoint request timed out"}`, at some sites with
    status 200 (2026): that usually passes, as a 504 does.

    Args:
        answer: what came.
        is_fhir: whether a FHIR resource was asked for, and not any JSON.

    Raises:
        Trouble: the server is busy, its JSON is cut off or damaged, or is not a FHIR resource.
    """
    if answer.status in RETRIED:
        raise Trouble(f"{answer.place} answered {answer.told}", answer=answer)
    if answer.status == requests.codes.ok and (found := answer.flaw(is_fhir=is_fhir)):
        words = f"{answer.place} answered 200 with {found}"
        raise Trouble(words, answer=answer, is_costly=True)


def unreachable(place: str, error: requests.RequestException) -> Trouble:
    """The trouble where no answer came."""
    causes = list(_causes(error))
    return Trouble(
        f"{place} cannot be reached ({_reason(error)})",
        was_sent=not any(isinstance(one, NewConnectionError) for one in causes),
        may_pass=not any(isinstance(one, ssl.SSLCertVerificationError) for one in causes),
        is_costly=isinstance(error, requests.exceptions.ReadTimeout),
        cure=": check that the server runs, and its URL",
    )


def broken_off(place: str, status: int, error: HTTPError) -> Trouble:
    """The trouble where an answer did not come to its end."""
    is_late = isinstance(error, ReadTimeoutError)
    words = "did not go on in time" if is_late else "broke off"
    return Trouble(f"{place} answered {status}, and the answer {words}", is_costly=True)


def damaged(place: str, status: int, found: str) -> Trouble:
    """The trouble where a body is not what its headers say."""
    return Trouble(f"{place} answered {status} with {found}", is_costly=True)


def refuse_page(answer: Answer) -> None:
    """Stop at a page for people where data should come.

    Raises:
        SourceError: names its content type, and not its text.
    """
    if (found := shown_type(answer.headers)).startswith(("text/html", "application/xhtml")):
        raise SourceError(f"{answer.place} answered {answer.status} with {found}, not with data")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was made of, as requests and urllib3 wrap them."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _reason(error: requests.RequestException) -> str:
    reasons: dict[type[requests.RequestException], str] = {
        requests.exceptions.ProxyError: "the proxy that the environment names does not answer",
        requests.exceptions.SSLError: "its certificate is not trusted",
        requests.exceptions.ConnectTimeout: "it did not answer in time",
        requests.exceptions.ReadTimeout: "it did not answer in time",
        requests.exceptions.ConnectionError: "nobody answers there, or the connection broke",
    }
    for kind, words in reasons.items():
        if isinstance(error, kind):
            return words
    return type(error).__name__
