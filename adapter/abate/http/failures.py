"""What may go wrong with one request, and the groups of HTTP statuses that abate tells apart."""

import ssl
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from abate.errors import SourceError
from abate.http.response import Answer, shown_type

REDIRECT = (301, 302, 303, 307, 308)
LOGIN_WANTED = (401, 403)
ABSENT = (404, 410)
CONFLICT = (409, 412)
REFUSED_CONTENT = (400, 422)
NOT_HERE = (404, 405)
NOT_OFFERED = (*NOT_HERE, 501)
# Of a link to a file, as storage services answer once it has expired.
EXPIRED_LINK = (403, 410)
# Of a next link whose cursor is no longer known: 410 by FHIR, and with some servers these (2026).
EXPIRED_CURSOR = (400, 404)
# The server has not begun with what it was asked.
NOT_BEGUN = (425, 429)
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
# The server asks to be left alone: all threads pause, not only the one that was told so.
BUSY = (429, 503)
# The server works on a whole answer each time: it is asked less often than one that is away.
COSTLY_TRIES = 3


class Unseen(SourceError):
    """The server cannot be reached, and has not seen the request."""


class Unanswered(SourceError):
    """No whole answer came, and the server may have done what it was asked."""


@dataclass(eq=False)
class Failure(Exception):
    """One attempt failed.

    Attributes:
        words: what happened, and where.
        was_sent: whether the server may have seen the request.
        is_transient: whether another attempt may succeed.
        is_costly: whether the server has worked for it.
        answer: the answer, if it was a whole one.
        cure: what somebody can do about it.
    """

    words: str
    _: KW_ONLY
    was_sent: bool = True
    is_transient: bool = True
    is_costly: bool = False
    answer: Answer | None = None
    cure: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether the server asks to be left alone, by all threads."""
        return self.answer is not None and self.answer.status in BUSY

    def is_worth_repeating(self, number: int, most: int, *, is_read: bool) -> bool:
        """Whether to ask again after attempt `number` of `most`; a write only if none was sent."""
        most = min(most, COSTLY_TRIES) if self.is_costly else most
        return self.is_transient and number < most and (is_read or not self.was_sent)

    def result(self) -> Answer:
        """The answer as it is, if there is one.

        Raises:
            Unanswered: there is none, and the server may have seen the request.
            Unseen: there is none, and it has not.
        """
        if self.answer is None:
            kind = Unanswered if self.was_sent and self.is_transient else Unseen
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
        Failure: the server is busy, its JSON is cut off or damaged, or is not a FHIR resource.
    """
    if answer.status in TRANSIENT:
        raise Failure(f"{answer.place} answered {answer.told}", answer=answer)
    if answer.status == requests.codes.ok and (flaw := answer.flaw(is_fhir=is_fhir)):
        words = f"{answer.place} answered 200 with {flaw}"
        raise Failure(words, answer=answer, is_costly=True)


def unreachable(place: str, error: requests.RequestException) -> Failure:
    """The failure if no answer came."""
    causes = list(_causes(error))
    return Failure(
        f"{place} cannot be reached ({_reason(error)})",
        was_sent=not any(isinstance(cause, NewConnectionError) for cause in causes),
        is_transient=not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes),
        is_costly=isinstance(error, requests.exceptions.ReadTimeout),
        cure=": check that the server runs, and its URL",
    )


def broken_off(place: str, status: int, error: HTTPError) -> Failure:
    """The failure if an answer did not come to its end."""
    is_late = isinstance(error, ReadTimeoutError)
    words = "did not go on in time" if is_late else "broke off"
    return Failure(f"{place} answered {status}, and the answer {words}", is_costly=True)


def damaged(place: str, status: int, found: str) -> Failure:
    """The failure if a body is not what its headers say."""
    return Failure(f"{place} answered {status} with {found}", is_costly=True)


def refuse_page(answer: Answer) -> None:
    """Stop at a page for people in place of data.

    Raises:
        SourceError: names its content type, and not its text.
    """
    if (kind := shown_type(answer.headers)).startswith(("text/html", "application/xhtml")):
        raise SourceError(f"{answer.place} answered {answer.status} with {kind}, not with data")


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
