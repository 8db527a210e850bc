"""Pull by REST search: index procedures by code, then all that their patients need.

Each query is counted: what the server says it has against the distinct ids that arrived. Fewer
is a hole, and a hole is an error: nothing of the pull is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from abate.errors import IncompletePull, NothingFound, SourceError
from abate.landing import Landing
from abate.references import local_id
from abate.source import Say
from abate.source.http import Answer, FhirServer
from abate.source.ledger import Ledger, Line
from abate.source.plan import Plan

PATIENTS_A_QUERY = 20
INDEX = "index procedures"
SCORES = "pain scores"


class Link(msgspec.Struct):
    """A link of a searchset."""

    relation: str
    url: str


class SearchMode(msgspec.Struct):
    """Why an entry is in the searchset."""

    mode: str = "match"


class Entry(msgspec.Struct):
    """An entry: the resource stays the bytes that the server sent."""

    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: SearchMode = msgspec.field(default_factory=SearchMode)


class Page(msgspec.Struct, tag_field="resourceType", tag="Bundle"):
    """One page of a searchset."""

    total: int | None = None
    link: list[Link] = []
    entry: list[Entry] = []

    @property
    def next(self) -> str | None:
        """Where the next page is."""
        return next((link.url for link in self.link if link.relation == "next"), None)


class Reference(msgspec.Struct):
    """A reference, of which only the literal part is read."""

    reference: str = ""


class Head(msgspec.Struct):
    """What the pull itself reads of a resource."""

    resourceType: str  # noqa: N815 - FHIR's own name
    id: str
    subject: Reference = msgspec.field(default_factory=Reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search: a name for people, a type, parameters; `private` ones hold patients' ids."""

    name: str
    type: str
    parameters: Mapping[str, str]
    private: bool = False


class RestSource:
    """A FHIR server that is asked by search, population-wide for the index procedures."""

    def __init__(self, server: FhirServer) -> None:
        """Pull from `server`."""
        self._server = server

    def bring(self, plan: Plan, landing: Landing, say: Say) -> Ledger:
        """Land what `plan` asks for; see `Source.bring`."""
        self._server.capability()
        ledger = Ledger()
        patients = self._index(plan, landing, ledger)
        if not patients:
            raise NothingFound(
                f"{self._server.base} has no procedure with one of the "
                f"{len(plan.tokens('index'))} codes of [index]. Check the codes, or add the "
                "server's own to a code list of yours ([codes] directory)."
            )
        say(f"{INDEX}: {ledger.received(INDEX)}, of {len(patients)} patients")
        queries = list(_queries(plan, patients))
        for done, query in enumerate(queries, start=1):
            self._land(query, landing, ledger)
            say(f"query {done} of {len(queries)}: {query.name}")
        if not ledger.received(SCORES):
            raise NothingFound(
                f"{self._server.base} has {ledger.received(INDEX)} index procedures and no pain "
                "score of their patients with one of the codes of [scores]. Check those codes."
            )
        return ledger

    def _index(self, plan: Plan, landing: Landing, ledger: Ledger) -> list[str]:
        parameters = {"code": ",".join(plan.tokens("index")), **_paging(plan)}
        heads = self._land(
            Query(name=INDEX, type="Procedure", parameters=parameters), landing, ledger
        )
        ids = (local_id(head.subject.reference, "Patient", self._server.base) for head in heads)
        return list(dict.fromkeys(one for one in ids if one))

    def _land(self, query: Query, landing: Landing, ledger: Ledger) -> list[Head]:
        heads: dict[str, Head] = {}
        expected: int | None = None
        pages = 0
        for pages, page in enumerate(self._pages(query), start=1):
            if pages == 1:
                expected = self._expected(query, page)
            for head, raw in _matches(query, page):
                if head.id not in heads:
                    heads[head.id] = head
                    landing.write(query.type, raw)
        ledger.add(
            Line(
                query=query.name,
                type=query.type,
                expected=expected,
                received=len(heads),
                pages=pages,
            )
        )
        if expected is not None and len(heads) < expected:
            raise IncompletePull(
                f"a hole in {query.name} ({query.type}): the server says it has {expected}, and "
                f"{len(heads)} arrived on {pages} pages. Nothing was stored; run again."
            )
        return list(heads.values())

    def _expected(self, query: Query, first: Page) -> int | None:
        if first.total is not None:
            return first.total
        parameters = {**query.parameters, "_summary": "count"}
        answer = self._server.search(query.type, parameters, private=query.private)
        return _page(query, 1, answer).total

    def _pages(self, query: Query) -> Iterator[Page]:
        """All pages, from the first to the one without a next link."""
        number, seen = 1, set[str]()
        page = self._page(query, number, None)
        yield page
        while page.next is not None:
            number += 1
            if page.next in seen:
                raise IncompletePull(
                    f"a hole in {query.name} ({query.type}): page {number} leads back to an "
                    "earlier one. Nothing was stored."
                )
            seen.add(page.next)
            page = self._page(query, number, page.next)
            yield page

    def _page(self, query: Query, number: int, link: str | None) -> Page:
        try:
            if link is None:
                answer = self._server.search(query.type, query.parameters, private=query.private)
            else:
                answer = self._server.get(link)
        except SourceError as error:
            raise _hole(query, number, str(error)) from None
        return _page(query, number, answer)


def _queries(plan: Plan, patients: Sequence[str]) -> Iterator[Query]:
    """What the patients need, in chunks of patients, one query a type."""
    coded = {
        SCORES: ("Observation", plan.tokens("scores")),
        "other procedures": ("Procedure", plan.tokens("adjunct", "history")),
        "conditions": ("Condition", plan.tokens("condition", "event")),
    }
    for first in range(0, len(patients), PATIENTS_A_QUERY):
        ids = ",".join(patients[first : first + PATIENTS_A_QUERY])
        parameters = {"_id": ids, **_paging(plan)}
        yield Query(name="patients", type="Patient", parameters=parameters, private=True)
        for name, (kind, tokens) in coded.items():
            if tokens:
                parameters = {"patient": ids, "code": ",".join(tokens), **_paging(plan)}
                yield Query(name=name, type=kind, parameters=parameters, private=True)


def _paging(plan: Plan) -> dict[str, str]:
    return {"_count": str(plan.page_size), "_total": "accurate"}


def _page(query: Query, number: int, answer: Answer) -> Page:
    if answer.status != HTTPStatus.OK:
        raise _hole(query, number, f"{answer.place} answered {answer.status}")
    try:
        page: Page = answer.decode(Page)
    except SourceError as error:
        raise _hole(query, number, f"{error}, not with a searchset") from None
    return page


def _matches(query: Query, page: Page) -> Iterator[tuple[Head, bytes]]:
    """The resources that answer the query, each with its own bytes."""
    for entry in page.entry:
        if entry.search.mode != "match":
            continue
        try:
            head = msgspec.json.decode(entry.resource, type=Head)
        except msgspec.MsgspecError:
            raise _hole(query, None, "an entry is no resource with a type and an id") from None
        if head.resourceType != query.type:
            raise _hole(query, None, f"an entry is a {head.resourceType[:40]}")
        yield head, bytes(entry.resource)


def _hole(query: Query, number: int | None, reason: str) -> IncompletePull:
    where = f", page {number}" if number else ""
    return IncompletePull(
        f"a hole in {query.name} ({query.type}{where}): {reason}. Nothing was stored; run again."
    )
