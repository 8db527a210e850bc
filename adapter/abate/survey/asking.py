"""Ask a server with an upper limit: so many requests, so many bytes, so long."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from abate.errors import SourceError
from abate.references import local_id
from abate.source.access import Access
from abate.source.answer import FHIR_JSON
from abate.source.body import TooLarge
from abate.source.http import Answer, FhirServer
from abate.source.limits import Budget, Limits
from abate.source.searchset import Head, Page, matches
from abate.survey.estimate import Pace
from abate.survey.found import Counted

if TYPE_CHECKING:
    from abate.source.forms import Form

MEGABYTE = 1_000_000
SHUT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Spent(SourceError):
    """The limit is reached: what was found until now is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a survey may cost; `answer` is the largest single answer."""

    requests: int = 200
    bytes: int = 100 * MEGABYTE
    answer: int = 30 * MEGABYTE
    seconds: float = 900


class Asker:
    """Asks one server, and counts what it costs.

    `shut` has the types that are known to be closed to us, with the status; `patients` the ids of
    some that were named, which go into searches by POST only; `paces` what was measured of pages;
    `codings` those of the first resource of each type; `forms` the form of a search by patient that
    a type wants, where it is another one than usual; `of_patients` what such searches brought.
    """

    def __init__(self, server: "LimitedServer", limit: Limit) -> None:
        """Ask `server`, whose session is limited too."""
        self.server = server
        self.shut: dict[str, int] = {}
        self.patients: list[str] = []
        self.paces: list[Pace] = []
        self.codings: dict[str, list[tuple[str, str]]] = {}
        self.forms: dict[str, Form] = {}
        self.of_patients: dict[str, list[tuple[Head, bytes]]] = {}
        self._limit = limit
        self._end = time.monotonic() + limit.seconds
        self._took = 0.0

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """GET, if there is something left to spend.

        Raises:
            Spent: the limit is reached.
            SourceError: no answer, one that is too large, or our login is refused.
        """
        return self.ask(lambda: self.server.get(path, parameters))

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Any request, if there is something left to spend; every answer will do.

        Raises:
            Spent: the limit is reached.
            SourceError: no answer, one that is too large, or our login is refused.
        """
        self._refuse_spent()
        begun = time.perf_counter()
        answer = request()
        self._took = time.perf_counter() - begun
        return answer

    def post(self, path: str, body: bytes) -> Answer:
        """POST what writes nothing, and may be sent again, as to an operation that only looks."""
        headers = {"Content-Type": FHIR_JSON}
        return self.ask(
            lambda: self.server.request("POST", path, headers=headers, body=body, is_read=True)
        )

    def measured(
        self, page: Page, asked: int, *, number: int = 1, of_patient: bool = False
    ) -> Page:
        """The page that the last answer held, of which so many were asked for: it is noted."""
        made = Pace(
            seconds=self._took,
            asked=asked,
            resources=len(page.entry),
            more=page.next is not None,
            page=number,
            of_patient=of_patient,
        )
        self.paces.append(made)
        return page

    def name(self, subject: Any) -> None:
        """Note a patient of this server whom a resource names as its subject."""
        reference = subject.get("reference") if isinstance(subject, dict) else None
        found = local_id(str(reference), "Patient", self.server.base)
        self.patients += [found] if found else []

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
            page.refuse_type("searchset")
            there = any(True for _ in matches(page, kind))
        except SourceError:
            return Counted(problem="it answered a search by code with no searchset")
        if page.total is not None:
            return Counted(n=page.total, any=page.total > 0)
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


class LimitedServer(FhirServer):
    """A server none of whose answers is read beyond `largest` bytes."""

    def __init__(
        self, base: str, timeout_seconds: float, largest: int, access: Access | None = None
    ) -> None:
        """Prepare the sessions; nothing is sent yet."""
        super().__init__(base, timeout_seconds, access, limits=Limits(largest_answer=largest))

    @property
    def cost(self) -> Budget:
        """What it costs: requests, and bytes of the bodies, unpacked."""
        return self.budget
