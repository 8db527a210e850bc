"""The pages of one search or history, each a Bundle that was read, or a hole that is named."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from abate.errors import IncompletePull, LoginRefused, SourceError
from abate.fhir import client
from abate.fhir.bundle import Head, Page, matches, outcomes, versions
from abate.fhir.client import Answer, FhirServer
from abate.fhir.outcomes import Judge, refuse
from abate.http.failures import EXPIRED_CURSOR, LOGIN_WANTED, NOT_OFFERED, TRANSIENT
from abate.source.query import Pairs, Query, instant
from abate.source.search.received import IDLE_PAGES, Walked
from abate.telemetry.log import Log

_NOT_DONE = HTTPStatus.NOT_IMPLEMENTED
_NO_LINK = (HTTPStatus.BAD_REQUEST, *NOT_OFFERED)
_NO_HISTORY = (HTTPStatus.FORBIDDEN, *_NO_LINK)

Versions = list[tuple[str, tuple[Head, bytes] | None]]


class NotHeeded(IncompletePull):
    """The server refuses a parameter, answers as if it were not there, or finds nothing by it."""


class Refused(IncompletePull):
    """The server refuses a search: it may take the same question in another form."""


class Expired(IncompletePull):
    """A next link that the server no longer knows: the query can be begun again."""


@dataclass(slots=True, kw_only=True)
class Pager:
    """Asks one server for pages; what it learns of it holds for all queries that follow.

    It is shared by threads: what one learns, another may learn too, and nothing is lost by it.

    Attributes:
        judge: judges what the server says beside the rows.
    """

    server: FhirServer
    log: Log
    page_size: int = 200
    takes_post: bool = True
    takes_total: bool = True
    judge: Judge = refuse
    _told: set[str] = field(default_factory=set)

    def count(self, query: Query) -> int | None:
        """How many the server says it has; None where it does not say."""
        answer = self._search(query, [*query.pairs, ("_summary", "count")])
        if HTTPStatus(400) <= answer.status < HTTPStatus(500) or answer.status == _NOT_DONE:
            return None
        return self._read(query, 1, answer).total

    def warn(self, text: str) -> None:
        """Log a warning, once."""
        if self._is_new(text):
            self.log.warning(text)

    def _is_new(self, text: str) -> bool:
        is_new = text not in self._told
        self._told.add(text)
        return is_new

    def pages(self, query: Query) -> Iterator[Page]:
        """All pages, from the first to the one without a next link."""
        for page in self._onwards(query, self._first(query)):
            self.server.note_page(page.last_updated)
            yield page

    def _onwards(self, query: Query, page: Page, kind: str = "searchset") -> Iterator[Page]:
        """A first page, and all that its next links lead to."""
        links: set[str] = set()
        yield page
        while page.next is not None:
            number = len(links) + 2
            if page.next in links:
                raise hole(query, number, "its next link leads back to an earlier page")
            links.add(page.next)
            page = self._read(query, number, self._follow(query, number, page.next), kind)
            yield page

    def _first(self, query: Query) -> Page:
        paging: Pairs = [("_count", str(self.page_size))]
        answer = self._search(query, [*query.pairs, *paging, *self._total])
        if answer.status == HTTPStatus.BAD_REQUEST and self.takes_total:
            plain = self._search(query, [*query.pairs, *paging])
            if plain.status == HTTPStatus.OK:
                self.takes_total, answer = False, plain
        if answer.status in LOGIN_WANTED:
            raise self.server.login_wanted(answer.status)
        if answer.status == HTTPStatus.BAD_REQUEST and (query.since or query.window):
            raise NotHeeded(str(hole(query, 1, "the server refuses _lastUpdated (400)")))
        if answer.status in _NO_LINK and query.linked:
            raise NotHeeded(str(hole(query, 1, f"the server refuses link ({answer.status})")))
        if is_refusal(answer.status):
            raise Refused(str(hole(query, 1, f"{answer.place} answered {answer.told}")))
        return self._read(query, 1, answer)

    def sample(self, query: Query, size: int) -> list[Head]:
        """The first resources that a search finds, one page of them; none where it is refused.

        Raises:
            IncompletePull: the server is in trouble, or answers with something else.
        """
        answer = self._search(query, [*query.pairs, ("_count", str(size))])
        if is_refusal(answer.status) or answer.status in LOGIN_WANTED:
            return []
        page = read(query, 1, answer)
        try:
            return [head for head, _ in matches(page, query.type)]
        except SourceError as error:
            raise hole(query, 1, str(error)) from None

    def _log_by_get(self, status: int) -> None:
        text = (
            f"{self.server.base} takes no search by POST ({status}). It is asked by GET, "
            "so that patients' ids stand in its access logs."
        )
        if self._is_new(text):
            self.log.warning(text, name="search.by_get", status=status)

    @property
    def _total(self) -> Pairs:
        return [("_total", "accurate")] if self.takes_total else []

    def history(self, kind: str, since: datetime | None) -> Iterator[Versions]:
        """All versions of a type since then, page by page, the newest first.

        Raises:
            IncompletePull: a page is not to be had.
            NotHeeded: the server has no history, or does not show it, or not to its end.
        """
        query = Query(name=f"history of {kind}", type=kind, since=since)
        first, walked = self._first_of_history(query), Walked()
        for number, page in enumerate(self._onwards(query, first, "history"), start=1):
            found = _versions(query, number, page)
            for _, version in found:
                self.server.note_resource(version[0].last_updated if version else None)
            if walked.is_idle(sum(walked.ids.add(repr(one)) for one in found)):
                raise hole(query, number, f"{IDLE_PAGES} pages in a row brought nothing new")
            yield found
        if first.total is not None and len(walked.ids) < first.total:
            words = f"its total is {first.total}, and {len(walked.ids)} entries came"
            raise NotHeeded(str(hole(query, None, words)))

    def _first_of_history(self, query: Query) -> Page:
        pairs = [("_count", str(self.page_size))]
        if query.since is not None:
            pairs.append(("_since", instant(query.since)))
        try:
            answer = self.server.get(f"{query.type}/_history", pairs)
        except LoginRefused:
            raise
        except SourceError as error:
            raise hole(query, 1, str(error)) from None
        if answer.status in _NO_HISTORY:
            raise NotHeeded(str(hole(query, 1, f"{answer.place} answered {answer.told}")))
        return self._read(query, 1, answer, "history")

    def _follow(self, query: Query, number: int, link: str) -> Answer:
        """The answer that a next link leads to.

        Raises:
            IncompletePull: it is not to be had.
        """
        try:
            answer = self.server.follow(link, posted=query.is_private and self.takes_post)
        except LoginRefused:
            raise
        except client.Expired as error:
            raise Expired(str(hole(query, number, str(error)))) from None
        except SourceError as error:
            raise hole(query, number, str(error)) from None
        if answer.status in EXPIRED_CURSOR:
            words = f"{answer.place} answered {answer.told}"
            raise Expired(str(hole(query, number, words)))
        return answer

    def _read(self, query: Query, number: int, answer: Answer, kind: str = "searchset") -> Page:
        """The page that an answer holds, with what the server says beside its rows judged.

        Raises:
            IncompletePull: it holds none, or the server says that rows are missing.
        """
        page = _of_type(query, number, answer, kind)
        try:
            told = list(outcomes(page))
        except SourceError as error:
            raise hole(query, number, str(error)) from None
        for one in told:
            self.judge(one, query.name)
        return page

    def _search(self, query: Query, pairs: Pairs) -> Answer:
        """Search; by GET where the server takes no POST, which is said once."""
        private = query.is_private and self.takes_post
        try:
            answer = self.server.search(query.type, pairs, private=private)
            if private and answer.status in NOT_OFFERED:
                self.takes_post = False
                self._log_by_get(answer.status)
                answer = self.server.search(query.type, pairs, private=False)
        except LoginRefused:
            raise
        except SourceError as error:
            raise hole(query, 1, str(error)) from None
        return answer


def is_refusal(status: int) -> bool:
    """Whether a status says that the server does not take the request, as it stands."""
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (is_client_error and status not in TRANSIENT) or status == _NOT_DONE


def read(query: Query, number: int, answer: Answer) -> Page:
    """The page of a searchset that an answer holds.

    Raises:
        IncompletePull: it holds none.
    """
    return _of_type(query, number, answer, "searchset")


def _of_type(query: Query, number: int, answer: Answer, kind: str) -> Page:
    if answer.status != HTTPStatus.OK:
        raise hole(query, number, f"{answer.place} answered {answer.told}")
    try:
        page: Page = answer.decode(Page)
        page.refuse_type(kind)
    except SourceError as error:
        raise hole(query, number, f"{error}, not with a {kind}") from None
    return page


def _versions(query: Query, number: int, page: Page) -> Versions:
    try:
        return list(versions(page, query.type))
    except SourceError as error:
        raise hole(query, number, str(error)) from None


def hole(query: Query, number: int | None, reason: str) -> IncompletePull:
    """The error that names what did not arrive."""
    where = f", page {number}" if number else ""
    return IncompletePull(
        f"a hole in {query.name} ({query.type}{where}): {reason.rstrip('.')}. "
        "Nothing was stored; run again."
    )
