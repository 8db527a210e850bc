"""The pages of one search or history, each a Bundle that was read; what is missing is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from abate.errors import IncompletePull, LoginRefused, SourceError
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
# Some servers answer 404 to a next link that is longer (microsoft/fhir-server#2250, 2021).
LONG_LINK = 4096
_NO_GET = (*NOT_HERE, HTTPStatus.REQUEST_URI_TOO_LONG)

Versions = list[tuple[str, tuple[Head, bytes] | None]]


class NotHonoured(IncompletePull):
    """The server refuses a parameter, answers as if it were not there, or finds nothing by it."""


class SearchRefused(IncompletePull):
    """The server refuses a search: it may take the same question in another form."""


class CursorExpired(IncompletePull):
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

    def page(self, query: Query, number: int, link: str | None, kind: str = "searchset") -> Page:
        """One page: the first one of a search, or the one that a next link leads to.

        Raises:
            IncompletePull: it is not to be had.
            Refused, NotHeeded: the server refuses the search, or a parameter of it.
            Expired: the link is no longer known.
        """
        is_private = query.is_private and self.takes_post
        pairs = [*query.pairs, ("_count", str(self.page_size)), *self._total]
        with naming(query, number):
            if link is not None:
                # A server may write into its links what it likes, an id among it: no message
                # shows them.
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
        """The answer to a search; asked again without what the server refuses (POST, `_total`)."""
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
            raise SearchRefused(str(incomplete(query, 1, f"{answer.place} answered {answer.told}")))

    def sample(self, query: Query, size: int) -> list[Head]:
        """The first resources that a search finds, one page of them; none where it is refused.

        Raises:
            IncompletePull: the server is in trouble, or answers with something else.
        """
        answer = self._search(query, [*query.pairs, ("_count", str(size))])
        if is_refusal(answer.status) or answer.status in LOGIN_WANTED:
            return []
        with naming(query, 1):
            return [head for head, _ in matches(read(query, 1, answer), query.type)]

    def _log_by_get(self, status: int) -> None:
        """From now on no search is made by POST, which is logged once."""
        self.takes_post = False
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
            if walked.is_idle(sum(walked.ids.add(repr(one)) for one in entries)):
                raise incomplete(query, number, f"{IDLE_PAGES} pages in a row brought nothing new")
            yield entries
            link = next_link(query, page, walked)
        if total is not None and len(walked.ids) < total:
            words = f"its total is {total}, and {len(walked.ids)} entries came"
            raise NotHonoured(str(incomplete(query, None, words)))

    def _first_of_history(self, query: Query) -> Page:
        pairs = [("_count", str(self.page_size))]
        if query.since is not None:
            pairs.append(("_since", instant(query.since)))
        with naming(query, 1):
            path = f"{query.type}/_history"
            answer = self.server.request("GET", path, parameters=pairs, is_read=True)
        if answer.status in _NO_HISTORY:
            raise NotHonoured(str(incomplete(query, 1, f"{answer.place} answered {answer.told}")))
        return self._read(query, 1, answer, "history")

    def _read(self, query: Query, number: int, answer: Answer, kind: str = "searchset") -> Page:
        """The page that an answer holds, with what the server says beside its rows judged.

        Raises:
            IncompletePull: it holds none, or the server says that rows are missing.
        """
        page = read(query, number, answer, kind)
        with naming(query, number):
            issues = list(outcomes(page))
        for issue in issues:
            self.judge(issue, query.name)
        return page

    def _search(self, query: Query, pairs: Pairs) -> Answer:
        """Search; by GET if the server takes no POST, which is logged once."""
        with naming(query, 1):
            if query.is_private and self.takes_post:
                path = f"{query.type}/_search"
                answer = self.server.request("POST", path, body=pairs, is_read=True)
                if answer.status not in NOT_OFFERED:
                    return answer
                self._log_by_get(answer.status)
            return self.server.request("GET", query.type, parameters=pairs, is_read=True)


def is_refusal(status: int) -> bool:
    """Whether a status says that the server does not take the request, as it stands."""
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (is_client_error and status not in TRANSIENT) or status == _NOT_DONE


def read(query: Query, number: int, answer: Answer, kind: str = "searchset") -> Page:
    """The page of a searchset, or of a history, that an answer holds.

    Raises:
        IncompletePull: it holds none.
    """
    if answer.status != HTTPStatus.OK:
        raise incomplete(query, number, f"{answer.place} answered {answer.told}")
    try:
        page: Page = answer.decode(Page)
        page.refuse_type(kind)
    except SourceError as error:
        raise incomplete(query, number, f"{error}, not with a {kind}") from None
    return page


def next_link(query: Query, page: Page, walked: Pass) -> str | None:
    """Where the page after `page` is; None after the last one.

    Raises:
        IncompletePull: the link leads back.
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
    """Stop if a next link is no longer known, or is not taken by GET."""
    is_long = len(link) > LONG_LINK
    is_unknown = answer.status == HTTPStatus.GONE or answer.status in EXPIRED_CURSOR
    if is_unknown or ((is_private or is_long) and answer.status in _NO_GET):
        why = f": its next link has {len(link)} characters" if is_long else ""
        raise CursorExpired(
            str(incomplete(query, number, f"{answer.place} answered {answer.told}{why}"))
        )


@contextmanager
def naming(query: Query, number: int | None) -> Iterator[None]:
    """Name the query and the page in what goes wrong.

    Raises:
        IncompletePull: in place of any SourceError but a login that is refused.
    """
    try:
        yield
    except (LoginRefused, IncompletePull):
        raise
    except SourceError as error:
        raise incomplete(query, number, str(error)) from None


def incomplete(query: Query, number: int | None, reason: str) -> IncompletePull:
    """The error that names what did not arrive."""
    where = f", page {number}" if number else ""
    return IncompletePull(
        f"incomplete result for {query.name} ({query.type}{where}): {reason.rstrip('.')}. "
        "Nothing was stored; run again."
    )
