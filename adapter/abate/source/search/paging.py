"""Read the pages of one search or history; errors name the query and the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from abate.errors import NOTHING_STORED, IncompletePull, LoginRefused, SourceError
from abate.fhir.bundle import Head, Page, matches, outcomes, versions
from abate.fhir.client import Answer, FhirServer
from abate.fhir.outcomes import Judge, refuse
from abate.http.failures import EXPIRED_CURSOR, LOGIN_WANTED, NOT_HERE, NOT_OFFERED, TRANSIENT
from abate.source.query import Pairs, Query, instant
from abate.source.search.received import IDLE_PAGES, Pass
from abate.telemetry.log import Log

_NOT_DONE = HTTPStatus.NOT_IMPLEMENTED
_NO_LINK = (HTTPStatus.BAD_REQUEST, *NOT_OFFERED)
_NO_HISTORY = (HTTPStatus.FORBIDDEN, *_NO_LINK)
# Some servers answer 404 to a longer next link (microsoft/fhir-server#2250, 2021).
LONG_LINK = 4096
_NO_GET = (*NOT_HERE, HTTPStatus.REQUEST_URI_TOO_LONG)

Versions = list[tuple[str, tuple[Head, bytes] | None]]


class NotHonoured(IncompletePull):
    """The server refuses a parameter, ignores it, or finds nothing by it."""


class SearchRefused(IncompletePull):
    """The server refuses a search; it may accept the query in another form."""


class CursorExpired(IncompletePull):
    """The server no longer knows a next link; the query can be started again."""


@dataclass(slots=True, kw_only=True)
class Pager:
    """Requests pages from one server; what it learns about the server applies to later queries.

    Threads share it without a lock: two threads may learn the same fact twice, which is harmless.

    Attributes:
        judge: checks the server's messages about a page.
    """

    server: FhirServer
    log: Log
    page_size: int = 200
    takes_post: bool = True
    takes_total: bool = True
    judge: Judge = refuse
    _told: set[str] = field(default_factory=set)

    def count(self, query: Query) -> int | None:
        """Return the server's count; None if it gives none."""
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

    def page(self, query: Query, number: int, link: str | None, kind: str = "searchset") -> Page:
        """Return one page: the first page of a search, or the page of a next link.

        Raises:
            IncompletePull: the page could not be fetched.
            SearchRefused, NotHonoured: the server refuses the search, or a parameter of it.
            CursorExpired: the link is no longer known.
        """
        is_private = query.is_private and self.takes_post
        pairs = [*query.pairs, ("_count", str(self.page_size)), *self._total]
        with naming(query, number):
            if link is not None:
                # No message shows a link: it may contain a patient's id.
                named = f"{self.server.base} (a next link)"
                answer = self.server.request("GET", link, is_read=True, named=named)
            elif is_private:
                path = f"{query.type}/_search"
                answer = self.server.request("POST", path, body=pairs, is_read=True)
            else:
                answer = self.server.request("GET", query.type, parameters=pairs, is_read=True)
        if link is not None:
            _refuse_expired(query, number, link, answer, is_private=is_private)
        else:
            answer = self._without_refused(query, pairs, answer, is_private=is_private)
            self._refuse_first(query, answer)
        page = self._read(query, number, answer, kind)
        if kind == "searchset":
            self.server.note_page(page.last_updated)
        return page

    def _without_refused(
        self, query: Query, pairs: Pairs, answer: Answer, *, is_private: bool
    ) -> Answer:
        """Search; if the server refuses POST or `_total`, search again without it."""
        if is_private and answer.status in NOT_OFFERED:
            self._log_by_get(answer.status)
            answer = self._search(query, pairs)
        if answer.status == HTTPStatus.BAD_REQUEST and self.takes_total:
            plain = self._search(query, [pair for pair in pairs if pair not in self._total])
            if plain.status == HTTPStatus.OK:
                self.takes_total, answer = False, plain
        return answer

    def _refuse_first(self, query: Query, answer: Answer) -> None:
        """Stop if the server refuses a search."""
        if answer.status in LOGIN_WANTED:
            raise self.server.login_wanted(answer.status)
        if answer.status == HTTPStatus.BAD_REQUEST and (query.since or query.window):
            raise NotHonoured(str(incomplete(query, 1, "the server refuses _lastUpdated (400)")))
        if answer.status in _NO_LINK and query.linked:
            raise NotHonoured(
                str(incomplete(query, 1, f"the server refuses link ({answer.status})"))
            )
        if is_refusal(answer.status):
            raise SearchRefused(
                str(incomplete(query, 1, f"{answer.place} answered {answer.summary}"))
            )

    def sample(self, query: Query, size: int) -> list[Head]:
        """Return the first page of resources of a search; none if it is refused.

        Raises:
            IncompletePull: the server fails, or does not answer with a searchset.
        """
        answer = self._search(query, [*query.pairs, ("_count", str(size))])
        if is_refusal(answer.status) or answer.status in LOGIN_WANTED:
            return []
        with naming(query, 1):
            return [head for head, _ in matches(read(query, 1, answer), query.type)]

    def _log_by_get(self, status: int) -> None:
        """Search by GET from now on, and log this once."""
        self.takes_post = False
        text = (
            f"{self.server.base} does not accept searches by POST ({status}). abate searches by "
            "GET, so patients' ids appear in the server's access logs."
        )
        if self._is_new(text):
            self.log.warning(text, name="search.by_get", status=status)

    @property
    def _total(self) -> Pairs:
        return [("_total", "accurate")] if self.takes_total else []

    def history(self, kind: str, since: datetime | None) -> Iterator[Versions]:
        """Yield all versions of a type since a time, page by page, the newest first.

        Raises:
            IncompletePull: a page could not be fetched.
            NotHonoured: the server has no history, does not show it, or not all of it.
        """
        query = Query(name=f"history of {kind}", type=kind, since=since)
        walked, total, link = Pass(), None, None
        while link is not None or not walked.pages:
            number = walked.pages + 1
            if link is None:
                page = self._first_of_history(query)
                total = page.total
            else:
                page = self.page(query, number, link, "history")
            with naming(query, number):
                entries = list(versions(page, kind))
            for _, version in entries:
                self.server.note_resource(version[0].last_updated if version else None)
            if walked.is_idle(sum(walked.ids.add(repr(entry)) for entry in entries)):
                raise incomplete(query, number, f"{IDLE_PAGES} pages in a row held nothing new")
            yield entries
            link = next_link(query, page, walked)
        if total is not None and len(walked.ids) < total:
            words = f"its total is {total}, but {len(walked.ids)} entries were received"
            raise NotHonoured(str(incomplete(query, None, words)))

    def _first_of_history(self, query: Query) -> Page:
        pairs = [("_count", str(self.page_size))]
        if query.since is not None:
            pairs.append(("_since", instant(query.since)))
        with naming(query, 1):
            path = f"{query.type}/_history"
            answer = self.server.request("GET", path, parameters=pairs, is_read=True)
        if answer.status in _NO_HISTORY:
            raise NotHonoured(
                str(incomplete(query, 1, f"{answer.place} answered {answer.summary}"))
            )
        return self._read(query, 1, answer, "history")

    def _read(self, query: Query, number: int, answer: Answer, kind: str = "searchset") -> Page:
        """Decode the page of an answer, and check the server's messages about it.

        Raises:
            IncompletePull: it is not a page, or the server reports missing rows.
        """
        page = read(query, number, answer, kind)
        with naming(query, number):
            issues = list(outcomes(page))
        for issue in issues:
            self.judge(issue, query.name)
        return page

    def _search(self, query: Query, pairs: Pairs) -> Answer:
        """Search by POST, or by GET if the server does not accept POST (logged once)."""
        with naming(query, 1):
            if query.is_private and self.takes_post:
                path = f"{query.type}/_search"
                answer = self.server.request("POST", path, body=pairs, is_read=True)
                if answer.status not in NOT_OFFERED:
                    return answer
                self._log_by_get(answer.status)
            return self.server.request("GET", query.type, parameters=pairs, is_read=True)


def is_refusal(status: int) -> bool:
    """Return whether a status means that the server does not accept the request as it is."""
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (is_client_error and status not in TRANSIENT) or status == _NOT_DONE


def read(query: Query, number: int, answer: Answer, kind: str = "searchset") -> Page:
    """Decode the page of a searchset or a history from an answer.

    Raises:
        IncompletePull: the answer is not such a page.
    """
    if answer.status != HTTPStatus.OK:
        raise incomplete(query, number, f"{answer.place} answered {answer.summary}")
    try:
        page: Page = answer.decode(Page)
        page.refuse_type(kind)
    except SourceError as error:
        raise incomplete(query, number, f"{error}, not with a {kind}") from None
    return page


def next_link(query: Query, page: Page, walked: Pass) -> str | None:
    """Return the link to the page after `page`; None after the last page.

    Raises:
        IncompletePull: the link leads to an earlier page.
    """
    link = page.next
    if link is not None and link in walked.links:
        raise incomplete(query, walked.pages + 1, "its next link leads back to an earlier page")
    if link is not None:
        walked.links.add(link)
    return link


def _refuse_expired(
    query: Query, number: int, link: str, answer: Answer, *, is_private: bool
) -> None:
    """Stop if the server no longer knows a next link, or does not accept it by GET."""
    is_long = len(link) > LONG_LINK
    is_unknown = answer.status == HTTPStatus.GONE or answer.status in EXPIRED_CURSOR
    if is_unknown or ((is_private or is_long) and answer.status in _NO_GET):
        why = f": its next link has {len(link)} characters" if is_long else ""
        raise CursorExpired(
            str(incomplete(query, number, f"{answer.place} answered {answer.summary}{why}"))
        )


@contextmanager
def naming(query: Query, number: int | None) -> Iterator[None]:
    """Name the query and the page in errors.

    Raises:
        IncompletePull: instead of any SourceError except a refused login.
    """
    try:
        yield
    except (LoginRefused, IncompletePull):
        raise
    except SourceError as error:
        raise incomplete(query, number, str(error)) from None


def incomplete(query: Query, number: int | None, reason: str) -> IncompletePull:
    """Return the error for an incomplete query."""
    where = f", page {number}" if number else ""
    return IncompletePull(
        f"incomplete result for {query.name} ({query.type}{where}): {reason.rstrip('.')}. "
        f"{NOTHING_STORED}"
    )
