"""The failures of a request, and the groups of HTTP statuses that abate distinguishes."""

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
# The answers of storage services to an expired link to a file.
EXPIRED_LINK = (403, 410)
# The answers of some servers to an expired next link (2026), besides FHIR's 410.
EXPIRED_CURSOR = (400, 404)
# The server has not started to process the request.
NOT_BEGUN = (425, 429)
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
# The server asks for a pause: all threads wait, not only the one that received the answer.
BUSY = (429, 503)
# Each attempt costs the server full work, so there are fewer attempts than if it is unavailable.
COSTLY_TRIES = 3


class Unseen(SourceError):
    """The server cannot be reached, and has not received the request."""


class Unanswered(SourceError):
    """No complete answer was received; the server may have processed the request."""


@dataclass(eq=False)
class Failure(Exception):
    """One attempt failed.

    Attributes:
        words: what happened, and where.
        was_sent: whether the server may have received the request.
        is_transient: whether another attempt may succeed.
        is_costly: whether the server has processed the request.
        answer: the answer, if it was complete.
        cure: what the user can do about it.
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
        """Whether the server asks for a pause of all threads."""
        return self.answer is not None and self.answer.status in BUSY

    def is_worth_repeating(self, number: int, most: int, *, is_read: bool) -> bool:
        """Return whether to retry after attempt `number` of `most`; a write only if not sent."""
        most = min(most, COSTLY_TRIES) if self.is_costly else most
        return self.is_transient and number < most and (is_read or not self.was_sent)

    def result(self) -> Answer:
        """Return the answer, if there is one.

        Raises:
            Unanswered: there is no answer, and the server may have received the request.
            Unseen: there is no answer, and the server has not received the request.
        """
        if self.answer is None:
            kind = Unanswered if self.was_sent and self.is_transient else Unseen
            raise kind(f"{self.words}{self.cure}") from None
        return self.answer


def refuse_flawed(answer: Answer, *, is_fhir: bool) -> None:
    """Stop at an answer that calls for another attempt.

    A gateway whose server times out answers `{"message": "Endpoint request timed out"}`, at some
    sites with status 200 (2026). Like a 504, this is usually temporary.

    Args:
        answer: the answer.
        is_fhir: whether a FHIR resource was requested, and not any JSON.

    Raises:
        Failure: the server is busy, its JSON is truncated or damaged, or is not a FHIR resource.
    """
    if answer.status in TRANSIENT:
        raise Failure(f"{answer.place} answered {answer.summary}", answer=answer)
    if answer.status == requests.codes.ok and (flaw := answer.flaw(is_fhir=is_fhir)):
        words = f"{answer.place} answered 200 with {flaw}"
        raise Failure(words, answer=answer, is_costly=True)


def unreachable(place: str, error: requests.RequestException) -> Failure:
    """Return the failure of a request without an answer."""
    causes = list(_causes(error))
    return Failure(
        f"{place} cannot be reached ({_reason(error)})",
        was_sent=not any(isinstance(cause, NewConnectionError) for cause in causes),
        is_transient=not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes),
        is_costly=isinstance(error, requests.exceptions.ReadTimeout),
        cure=": check that the server runs, and its URL",
    )


def broken_off(place: str, status: int, error: HTTPError) -> Failure:
    """Return the failure of an incomplete answer."""
    is_late = isinstance(error, ReadTimeoutError)
    words = "stopped for too long" if is_late else "broke off"
    return Failure(f"{place} answered {status}, and the answer {words}", is_costly=True)


def damage(place: str, status: int, fault: str) -> Failure:
    """Return the failure of a body that does not match its headers."""
    return Failure(f"{place} answered {status} with {fault}", is_costly=True)


def refuse_page(answer: Answer) -> None:
    """Stop at an HTML page instead of data.

    Raises:
        SourceError: names the content type, not the text.
    """
    if (kind := shown_type(answer.headers)).startswith(("text/html", "application/xhtml")):
        raise SourceError(f"{answer.place} answered {answer.status} with {kind}, not with data")


# OpenSSL 3.0 and 3.2 (2026-12), if a server answers a TLS handshake in plain http.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, as wrapped by requests and urllib3."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _reason(error: requests.RequestException) -> str:
    reasons: dict[type[requests.RequestException], str] = {
        requests.exceptions.ProxyError: "the proxy set in the environment does not answer",
        requests.exceptions.SSLError: "its certificate is not trusted",
        requests.exceptions.ConnectTimeout: "it did not answer in time",
        requests.exceptions.ReadTimeout: "it did not answer in time",
        requests.exceptions.ConnectionError: "no connection, or the connection broke",
    }
    if any(getattr(cause, "reason", None) in _NO_TLS for cause in _causes(error)):
        return "it does not use TLS: is it a port for plain http? Then the URL begins with http://"
    for kind, words in reasons.items():
        if isinstance(error, kind):
            return words
    return type(error).__name__
