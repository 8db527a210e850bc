"""Pull by REST search: index procedures by code, then all that their patients need.

Each query is counted: what the server says it has against the distinct ids that arrived. Fewer
is a hole, and a hole is an error: nothing of the pull is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from abate.errors import IncompletePull, LoginRefused, NothingFound, SourceError
from abate.landing import Landing
from abate.references import local_id
from abate.source import Say
from abate.source.http import Answer, FhirServer
from abate.source.ledger import Ledger, Line, count_of_pages
from abate.source.plan import Plan
from abate.source.searchset import Head, Page, matches

PATIENTS_A_QUERY = 20
# So often a query is begun, where its next links expire on the way.
ATTEMPTS = 3
# So many pages in a row may bring nothing new: rows deleted on the way leave empty ones (HAPI).
IDLE_PAGES = 50
INDEX = "index procedures"
SCORES = "pain scores"

_PAGING = ("_count", "_total")
_LOGIN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_NO_POST = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


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
        base = self._server.base
        self._server.capability()
        pull = _Pull(server=self._server, landing=landing, say=say)
        procedures = pull.bring(_index_query(plan))
        patients = _patients(procedures, base)
        _refuse_without_patients(base, len(procedures), patients, len(plan.tokens("index")))
        say(f"{len(procedures)} index procedures of {len(patients)} patients")
        for first in range(0, len(patients), PATIENTS_A_QUERY):
            some = patients[first : first + PATIENTS_A_QUERY]
            for query in _queries(plan, some):
                pull.bring(query)
            say(f"patients {first + 1} to {first + len(some)} of {len(patients)} are here")
        for line in pull.ledger.lines:
            say(f"pulled {line}")
        if not pull.ledger.received(SCORES):
            raise NothingFound(
                f"{base} has {len(procedures)} index procedures and no pain score of their "
                "patients with one of the codes of [scores]. Check those codes."
            )
        return pull.ledger


class _Expired(IncompletePull):
    """A next link that the server no longer knows: the query can be begun again."""


@dataclass(slots=True, kw_only=True)
class _Pull:
    """One pull: lands what the queries bring, and keeps the books."""

    server: FhirServer
    landing: Landing
    say: Say
    ledger: Ledger = field(default_factory=Ledger)
    takes_post: bool = True

    def bring(self, query: Query) -> list[Head]:
        """Land all that answers a query, each resource once, and enter it in the books.

        Raises:
            IncompletePull: names the query, the type and the page.
        """
        landed: dict[str, Head] = {}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                expected, pages = self._walk(query, landed)
                break
            except _Expired:
                if attempt == ATTEMPTS:
                    raise
                self.say(f"{query.name}: a next link has expired, asking again")
        self.ledger.add(
            Line(
                query=query.name,
                type=query.type,
                expected=expected,
                received=len(landed),
                pages=pages,
            )
        )
        return list(landed.values())

    def _walk(self, query: Query, landed: dict[str, Head]) -> tuple[int | None, int]:
        """Go through all pages once: how many there should be, and on how many pages."""
        seen: set[str] = set()
        expected: int | None = None
        number = idle = 0
        for number, page in enumerate(self._pages(query), start=1):
            if number == 1:
                expected = self._expected(query, page)
            before = len(seen)
            for head, raw in _matches(query, number, page):
                seen.add(head.id)
                if head.id not in landed:
                    self.landing.write(query.type, raw)
                    landed[head.id] = head
            idle = 0 if len(seen) > before else idle + 1
            if idle == IDLE_PAGES:
                raise _hole(query, number, f"{idle} pages in a row brought nothing new")
        if expected is not None and len(seen) < expected:
            have = f"{len(seen)} arrived on {count_of_pages(number)}"
            raise _hole(query, None, f"the server says it has {expected}, and {have}")
        return expected, number

    def _expected(self, query: Query, first: Page) -> int | None:
        """How many the server has: its total, or its count; None where it gives neither."""
        if first.total is not None:
            return first.total
        kept = {name: text for name, text in query.parameters.items() if name not in _PAGING}
        answer = self._search(query, {**kept, "_summary": "count"})
        if HTTPStatus(400) <= answer.status < HTTPStatus(500):
            return None
        return _page(query, 1, answer).total

    def _pages(self, query: Query) -> Iterator[Page]:
        """All pages, from the first to the one without a next link."""
        seen: set[str] = set()
        answer = self._search(query, query.parameters)
        if answer.status in _LOGIN:
            raise self.server.login_wanted(answer.status)
        page = _page(query, 1, answer)
        yield page
        while page.next is not None:
            number = len(seen) + 2
            if page.next in seen:
                raise _hole(query, number, "its next link leads back to an earlier page")
            seen.add(page.next)
            page = self._next(query, number, page.next)
            yield page

    def _next(self, query: Query, number: int, link: str) -> Page:
        try:
            answer = self.server.get(link)
        except LoginRefused:
            raise
        except SourceError as error:
            raise _hole(query, number, str(error)) from None
        if answer.status == HTTPStatus.GONE:
            raise _Expired(str(_hole(query, number, f"{answer.place} answered 410")))
        return _page(query, number, answer)

    def _search(self, query: Query, parameters: Mapping[str, str]) -> Answer:
        """Search; by GET where the server takes no POST, which is said once."""
        private = query.private and self.takes_post
        try:
            answer = self.server.search(query.type, parameters, private=private)
            if private and answer.status in _NO_POST:
                self.takes_post = False
                self.say(
                    f"warning: {self.server.base} takes no search by POST ({answer.status}). It is "
                    "asked by GET, so that patients' ids stand in its access logs."
                )
                answer = self.server.search(query.type, parameters, private=False)
        except LoginRefused:
            raise
        except SourceError as error:
            raise _hole(query, 1, str(error)) from None
        return answer


def _paging(plan: Plan) -> dict[str, str]:
    return {"_count": str(plan.page_size), "_total": "accurate"}


def _index_query(plan: Plan) -> Query:
    parameters = {"code": ",".join(plan.tokens("index")), **_paging(plan)}
    return Query(name=INDEX, type="Procedure", parameters=parameters)


def _queries(plan: Plan, patients: Sequence[str]) -> Iterator[Query]:
    """What some patients need, one query a type."""
    coded = {
        SCORES: ("Observation", plan.tokens("scores")),
        "other procedures": ("Procedure", plan.tokens("adjunct", "history")),
        "conditions": ("Condition", plan.tokens("condition", "event")),
    }
    ids = ",".join(patients)
    parameters = {"_id": ids, **_paging(plan)}
    yield Query(name="patients", type="Patient", parameters=parameters, private=True)
    for name, (kind, tokens) in coded.items():
        if tokens:
            parameters = {"patient": ids, "code": ",".join(tokens), **_paging(plan)}
            yield Query(name=name, type=kind, parameters=parameters, private=True)


def _patients(procedures: Sequence[Head], base: str) -> list[str]:
    """The patients of the procedures, each once; what has none is for the mapping to reject."""
    ids = (local_id(head.subject_reference, "Patient", base) for head in procedures)
    return list(dict.fromkeys(one for one in ids if one))


def _refuse_without_patients(
    base: str, procedures: int, patients: Sequence[str], codes: int
) -> None:
    if not procedures:
        raise NothingFound(
            f"{base} has no procedure with one of the {codes} codes of [index]. Check the codes, "
            "or add the server's own to a code list of yours ([codes] directory)."
        )
    if not patients:
        raise NothingFound(
            f"{base} has {procedures} index procedures, and none names a patient of that server "
            "as its subject. Check that [source] url is the address that the server calls itself "
            "by in its references."
        )


def _page(query: Query, number: int, answer: Answer) -> Page:
    if answer.status != HTTPStatus.OK:
        raise _hole(query, number, f"{answer.place} answered {answer.status}")
    try:
        page: Page = answer.decode(Page)
    except SourceError as error:
        raise _hole(query, number, f"{error}, not with a searchset") from None
    return page


def _matches(query: Query, number: int, page: Page) -> Iterator[tuple[Head, bytes]]:
    try:
        yield from matches(page, query.type)
    except SourceError as error:
        raise _hole(query, number, str(error)) from None


def _hole(query: Query, number: int | None, reason: str) -> IncompletePull:
    where = f", page {number}" if number else ""
    return IncompletePull(
        f"a hole in {query.name} ({query.type}{where}): {reason.rstrip('.')}. "
        "Nothing was stored; run again."
    )
