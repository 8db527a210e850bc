"""Send one request over the network and read its answer; nothing is sent twice here."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import requests

from abate.http import sessions, urls
from abate.http.access import UNAUTHORIZED, Access, login_refused
from abate.http.body import Bounds, TooSlow, receive
from abate.http.bounded_socket import HeadLate, Reading
from abate.http.budget import Budget, Limits
from abate.http.failures import Failure, refuse_flawed, unreachable
from abate.http.response import FHIR_JSON, Answer, answer_of
from abate.http.sessions import Sessions
from abate.http.urls import is_loopback, origin

# Of a query or a form; a parameter may stand there more than once.
Parameters = Mapping[str, str] | list[tuple[str, str]]
# Reads the body of a response to where it belongs.
ReadBody = Callable[[requests.Response, Answer], None]

LARGEST_FILE = 1 << 40
LONGEST_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `is_known` ones go to our own server, with login and cookies.

    `named` is what it is called in messages, where its own URL may tell too much.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Parameters | None = None
    body: bytes | Parameters | None = None
    is_known: bool = True
    named: str = ""

    @property
    def is_fhir(self) -> bool:
        """Whether it asks for a FHIR resource."""
        return self.headers.get("Accept") == FHIR_JSON

    @property
    def place(self) -> str:
        """Where it goes, for people."""
        return self.named or urls.place_of(self.url)


class Transport:
    """The sessions to one server, and to the storages that it sends us to; safe for threads."""

    def __init__(
        self, base: str, timeout_seconds: float, access: Access, limits: Limits, budget: Budget
    ) -> None:
        """Nothing is sent yet; `timeout_seconds` is for a connection and for each piece."""
        self.base = base
        self._access = access
        self._timeout, self._limits, self._budget = timeout_seconds, limits, budget
        # A proxy of the environment is for other machines: it would see the patients' ids.
        self._proxies = {"no_proxy": "*"} if is_loopback(base) else None
        reading = Reading(refuse=budget.refuse_late, head_seconds=limits.answer_seconds)
        self._known = Sessions(partial(sessions.known, base, access, reading))
        self._strangers = Sessions(partial(sessions.stranger, reading))

    def close(self) -> None:
        """Close all connections."""
        self._known.close()
        self._strangers.close()

    def send(self, request: Request, read_body: ReadBody | None = None) -> Answer:
        """Send one request and read its answer: the only place from which anything is sent.

        Args:
            request: what is sent.
            read_body: reads the body to where it belongs, and judges the answer; without it, the
                answer has the body, and one worth asking for again is a Failure.

        Raises:
            Failure: there is no answer, or it is worth asking for again.
            LoginRefused: the server does not take our login, nor a new token.
            SourceError: it is too large or too slow, or our login would go elsewhere.
        """
        if request.is_known and origin(request.url) != origin(self.base):
            raise urls.sent_away(self.base, request.url)
        session = (self._known if request.is_known else self._strangers).mine()
        with self._failures(request, session):
            response = session.request(
                request.method,
                request.url,
                params=request.parameters,
                data=request.body,
                headers=dict(request.headers),
                timeout=(min(self._timeout, self._budget.seconds_left), self._timeout),
                proxies=self._proxies,
                # Said with each request: of the session's own, REQUESTS_CA_BUNDLE gets the better.
                verify=self._access.verify,
                allow_redirects=False,
                stream=True,
            )
            with closing(response):
                self._refuse_login(request, response)
                if read_body is None:
                    return self._read(request, response)
                head = answer_of(response, b"", request.place)
                read_body(response, head)
                return head

    def _read(self, request: Request, response: requests.Response) -> Answer:
        body = io.BytesIO()
        receive(response, request.place, self._bounds(), body.write)
        answer = answer_of(response, body.getvalue(), request.place)
        refuse_flawed(answer, is_fhir=request.is_fhir)
        return answer

    def _refuse_login(self, request: Request, response: requests.Response) -> None:
        is_refused = request.is_known and response.status_code == UNAUTHORIZED
        if is_refused and self._access.login is not None:
            raise login_refused(request.place)

    @contextmanager
    def _failures(self, request: Request, session: requests.Session) -> Iterator[None]:
        """Turn the errors of requests into ours."""
        try:
            yield
        except HeadLate:
            raise TooSlow(
                f"{request.place} answers too slowly: after {self._limits.answer_seconds:g} "
                "seconds the head of the answer was not there"
            ) from None
        except requests.RequestException as error:
            self._budget.refuse_late()
            raise unreachable(request.place, error) from None
        except Failure as failure:
            if failure.is_costly:
                # What is left of a broken answer must not be taken for the next one.
                session.close()
            raise

    def _bounds(self) -> Bounds:
        largest, seconds = self._limits.largest_answer, self._limits.answer_seconds
        return Bounds(bytes=largest, seconds=seconds, budget=self._budget)

    def bounds_of_file(self) -> Bounds:
        """The bounds of a file, which goes to disk and not to memory."""
        return Bounds(bytes=LARGEST_FILE, seconds=LONGEST_SECONDS, budget=self._budget)
