"""Ask a server with an upper limit: so many requests, so many bytes, so long, and GET only."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import BaseAdapter

from abate.errors import SourceError
from abate.source.access import Access
from abate.source.http import Answer, FhirServer
from abate.source.searchset import Page
from abate.survey.found import Counted

OPTIONAL = ("Condition",)  # A study can do without it: being shut out there is no end.
MEGABYTE = 1_000_000


class Spent(SourceError):
    """The limit is reached: what was found until now is kept."""


class TooLarge(SourceError):
    """One answer is longer than we read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a survey may cost; `answer` is the largest single answer."""

    requests: int = 200
    bytes: int = 100 * MEGABYTE
    answer: int = 30 * MEGABYTE
    seconds: float = 900


class Asker:
    """Asks one server, and counts what it costs."""

    def __init__(self, server: "LimitedServer", limit: Limit) -> None:
        """Ask `server`, whose session is limited too."""
        self.server = server
        self._limit = limit
        self._end = time.monotonic() + limit.seconds

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """GET, if there is something left to spend.

        Raises:
            Spent: the limit is reached.
            SourceError: no answer, one that is too large, or a login is wanted.
        """
        self._refuse_spent()
        answer = self.server.get(path, parameters)
        shut_out = answer.status == HTTPStatus.FORBIDDEN and path not in OPTIONAL
        if shut_out or answer.status == HTTPStatus.UNAUTHORIZED:
            raise self.server.login_wanted(answer.status)
        return answer

    def count(self, kind: str, code: str) -> Counted:
        """How many resources of a type a search by code finds."""
        counted = self._asked(kind, {"code": code, "_summary": "count"})
        if counted.n is None:
            return self._asked(kind, {"code": code, "_count": "1", "_total": "accurate"})
        return counted

    def _asked(self, kind: str, parameters: Mapping[str, str]) -> Counted:
        try:
            answer = self.get(kind, parameters)
        except TooLarge as error:
            return Counted(problem=str(error))
        if answer.status != HTTPStatus.OK:
            return Counted(problem=f"it answered {answer.status} to a search by code")
        try:
            page: Page = answer.decode(Page)
        except SourceError:
            return Counted(problem="it answered a search by code with no searchset")
        if page.total is not None:
            return Counted(n=page.total, any=page.total > 0)
        there = any(entry.search.mode == "match" for entry in page.entry)
        if "_count" in parameters and not there and page.next is None:
            return Counted(n=0)
        return Counted(any=there, problem="it gives no total")

    def _refuse_spent(self) -> None:
        cost = self.server.cost
        if cost.requests >= self._limit.requests:
            raise Spent(f"stopped after {cost.requests} requests")
        if cost.bytes >= self._limit.bytes:
            raise Spent(f"stopped after {cost.bytes / MEGABYTE:.0f} MB")
        if time.monotonic() >= self._end:
            raise Spent(f"stopped after {self._limit.seconds / 60:.0f} minutes")


@dataclass(slots=True)
class Cost:
    """What was asked and read until now; `bytes` are those of the bodies, unpacked."""

    requests: int = 0
    bytes: int = 0


class LimitedServer(FhirServer):
    """A server none of whose answers is read beyond `largest` bytes; it keeps what it costs."""

    def __init__(
        self, base: str, timeout_seconds: float, largest: int, access: Access | None = None
    ) -> None:
        """Prepare the session; nothing is sent yet."""
        super().__init__(base, timeout_seconds, access)
        self.cost = Cost()
        for scheme in ("http://", "https://"):
            retried = self._session.get_adapter(scheme)
            self._session.mount(scheme, _Limiting(retried, largest, self.cost))


class _Limiting(BaseAdapter):
    """An adapter in front of another one: it puts a limit on what is read of an answer."""

    def __init__(self, inner: Any, largest: int, cost: Cost) -> None:
        super().__init__()
        self._inner, self._largest, self._cost = inner, largest, cost

    def send(  # type: ignore[override]  # the options go on to the inner adapter as they are
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        self._cost.requests += 1
        response: requests.Response = self._inner.send(request, **options)
        response.raw = _Limited(response.raw, self._largest, self._cost)
        return response

    def close(self) -> None:
        self._inner.close()


class _Limited:
    """The raw stream of a response, that ends in an error when it becomes too long."""

    def __init__(self, raw: Any, largest: int, cost: Cost) -> None:
        self._raw, self._largest, self._cost = raw, largest, cost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int, **options: Any) -> Iterator[bytes]:
        read = 0
        for chunk in self._raw.stream(amount, **options):
            read += len(chunk)
            self._cost.bytes += len(chunk)
            if read > self._largest:
                self._raw.close()
                raise TooLarge(
                    f"an answer is larger than {self._largest / MEGABYTE:.0f} MB, and was not "
                    "read to its end: does the server heed _count?"
                )
            yield chunk
