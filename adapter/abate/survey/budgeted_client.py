"""A client of one server with a limit of requests, bytes and time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from abate.errors import SourceError
from abate.fhir.bundle import Page
from abate.fhir.client import FhirServer
from abate.http.response import FHIR_JSON, Answer
from abate.report.fhir.elements import Resource
from abate.source.query import Pairs
from abate.survey.estimate import Pace

MEGABYTE = 1_000_000


class Spent(SourceError):
    """The limit is reached: the findings until now are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The limits of a survey.

    `answer` is the largest single answer; of so many `patients` the procedures are read.
    """

    requests: int = 200
    patients: int = 60
    bytes: int = 100 * MEGABYTE
    answer: int = 30 * MEGABYTE
    seconds: float = 900


class BudgetedClient:
    """Sends requests to one server, and stops at the limit.

    Each request raises Spent if the limit is reached, and SourceError if there is no answer, the
    answer is too large, or the login is refused. `paces` has the measured pages.
    """

    def __init__(self, server: FhirServer, limit: Limit) -> None:
        """Create a client of `server`; the time limit starts now."""
        self.server = server
        self.paces: list[Pace] = []
        self._limit = limit
        self._end = time.monotonic() + limit.seconds
        self._took = 0.0

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Send a GET; any status is returned."""
        return self.ask(lambda: self.server.get(path, parameters))

    def search_by_post(self, kind: str, pairs: Pairs, count: int) -> Answer:
        """Return the first page of a search whose parameters are sent in the body."""
        asked = [*pairs, ("_count", str(count))]
        return self.ask(
            lambda: self.server.request("POST", f"{kind}/_search", body=asked, is_read=True)
        )

    def post(self, path: str, resource: Resource) -> Answer:
        """Send a POST to an operation that writes nothing, so that it may be retried."""
        body, headers = msgspec.json.encode(resource), {"Content-Type": FHIR_JSON}
        return self.ask(
            lambda: self.server.request("POST", path, headers=headers, body=body, is_read=True)
        )

    def transact(self, bundle: Resource) -> Answer:
        """Send a transaction."""
        return self.ask(lambda: self.server.transact(msgspec.json.encode(bundle)))

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Send any request, and count it, its bytes and its time.

        Raises:
            Spent: the limit is reached.
            SourceError: no answer, a too large answer, or a refused login.
        """
        self.refuse_spent()
        start = time.perf_counter()
        answer = request()
        self._took = time.perf_counter() - start
        return answer

    def read_page(self, answer: Answer, asked: int, *, is_of_patient: bool = False) -> Page:
        """Return the page in the last answer, and measure it by the number of requested resources.

        Raises:
            SourceError: it is not a Bundle.
        """
        page: Page = answer.decode(Page)
        self.paces.append(
            Pace(
                seconds=self._took,
                asked=asked,
                resources=len(page.entry),
                has_next=page.next is not None,
                is_of_patient=is_of_patient,
            )
        )
        return page

    def refuse_spent(self) -> None:
        """Stop at the limit.

        Raises:
            Spent: names the limit.
        """
        spent = self.server.budget
        if spent.requests >= self._limit.requests:
            raise Spent(f"stopped after {spent.requests} requests")
        if spent.bytes >= self._limit.bytes:
            raise Spent(f"stopped after {spent.bytes / MEGABYTE:.0f} MB")
        if time.monotonic() >= self._end:
            raise Spent(f"stopped after {self._limit.seconds / 60:.0f} minutes")
