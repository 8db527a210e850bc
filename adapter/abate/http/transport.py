"""Send one request over the network and read its answer, without retries."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import requests

from abate.http import sessions, urls
from abate.http.access import UNAUTHORIZED, Access, login_refused
from abate.http.body import Bounds, TooSlow, receive
from abate.http.bounded_socket import HeadLate, ReadBounds
from abate.http.budget import Budget, Limits
from abate.http.failures import Failure, refuse_flawed, unreachable
from abate.http.response import FHIR_JSON, Answer, answer_of
from abate.http.sessions import Sessions
from abate.http.urls import is_loopback, origin

# The parameters of a query or a form; a name may occur several times.
Parameters = Mapping[str, str] | list[tuple[str, str]]
# Reads the body of a response into its destination.
ReadBody = Callable[[requests.Response, Answer], None]

LARGEST_FILE = 1 << 40
LONGEST_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; with `is_known`, it goes to the study's server with login and cookies.

    `named` replaces the URL in messages if the URL may contain private data.
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
        """Whether the request is for a FHIR resource."""
        return self.headers.get("Accept") == FHIR_JSON

    @property
    def place(self) -> str:
        """The destination, for messages."""
        return self.named or urls.place_of(self.url)


class Transport:
    """The sessions to one server and to the storage it redirects to; safe for threads."""

    def __init__(
        self, base: str, timeout_seconds: float, access: Access, limits: Limits, budget: Budget
    ) -> None:
        """Prepare the sessions; `timeout_seconds` applies to a connection and to each read."""
        self.base = base
        self._access = access
        self._timeout, self._limits, self._budget = timeout_seconds, limits, budget
        # No proxy from the environment for this machine: it would see the patients' ids.
        self._proxies = {"no_proxy": "*"} if is_loopback(base) else None
        reading = ReadBounds(refuse=budget.refuse_late, head_seconds=limits.answer_seconds)
        self._known = Sessions(partial(sessions.known, base, access, reading))
        self._strangers = Sessions(partial(sessions.stranger, reading))

    def close(self) -> None:
        """Close all connections."""
        self._known.close()
        self._strangers.close()

    def send(self, request: Request, read_body: ReadBody | None = None) -> Answer:
        """Send one request and read its answer. All requests are sent by this function.

        Args:
            request: the request.
            read_body: reads the body into its destination and checks the answer; without it, the
                answer contains the body, and an answer that calls for a retry is a Failure.

        Raises:
            Failure: there is no answer, or it calls for a retry.
            LoginRefused: the server refuses the login, and a new token too.
            SourceError: the answer is too large or too slow, or the login would be sent elsewhere.
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
                # Set on each request: REQUESTS_CA_BUNDLE would override the session's own setting.
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
        """Convert the errors of requests to abate's."""
        try:
            yield
        except HeadLate:
            raise TooSlow(
                f"{request.place} answers too slowly: the head of the response was not complete "
                f"after {self._limits.answer_seconds:g} seconds"
            ) from None
        except requests.RequestException as error:
            self._budget.refuse_late()
            raise unreachable(request.place, error) from None
        except Failure as failure:
            if failure.is_costly:
                # The rest of a broken response must not be read as the next response.
                session.close()
            raise

    def _bounds(self) -> Bounds:
        largest, seconds = self._limits.largest_answer, self._limits.answer_seconds
        return Bounds(bytes=largest, seconds=seconds, budget=self._budget)

    def bounds_of_file(self) -> Bounds:
        """Return the limits of a file, which is written to disk and not kept in memory."""
        return Bounds(bytes=LARGEST_FILE, seconds=LONGEST_SECONDS, budget=self._budget)
