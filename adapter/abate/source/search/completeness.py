"""Fetch all pages of one query, and check that the result is complete.

The number of distinct ids received is compared with the server's count. If it is lower, the server
is asked for the count and for the query once more, and the results are merged by id. If it is
still lower, the pull stops with an error. `uncounted` handles servers that give no count.
"""

from dataclasses import dataclass, field

from abate.fhir.bundle import Head, Page, matches, warnings
from abate.source.query import LONG_AGO, Query, bare
from abate.source.query_forms import USUAL, Form, other_forms
from abate.source.search.paging import (
    CursorExpired,
    NotHonoured,
    Pager,
    SearchRefused,
    incomplete,
    naming,
    next_link,
)
from abate.source.search.received import IDLE_PAGES, LiveCounts, Pass, Received
from abate.source.search.uncounted import Settling, Take
from abate.store.ledger import count_of_pages

# How many times a query is started if its next links expire during paging.
ATTEMPTS = 3


@dataclass(slots=True, kw_only=True)
class Fetcher:
    """Fetches complete results; what it learns about the server applies to later queries too.

    Attributes:
        forms: by type, the query form that the server accepts for patients' resources.
    """

    pager: Pager
    tally: LiveCounts
    one_pass: bool = False
    forms: dict[str, Form] = field(default_factory=dict)
    _understood: set[tuple[str, ...]] = field(default_factory=set)

    def fetch(self, query: Query, take: Take) -> Received:
        """Pass each resource that matches a query to `take`, once.

        If the server refuses a query for patients' resources, it is sent in another form. The form
        that the server accepts is used for the type from then on.

        Raises:
            IncompletePull: names the query, the type and the page.
            NotHonoured: a search by `_lastUpdated` finds nothing, although resources exist.
            SearchRefused: the server accepts none of the query forms.
        """
        asked = self.form(query.type).of(query) if query.patients else query
        received = Received(is_by_category=asked.is_by_category)
        try:
            self.walk(asked, take, received)
            self._complete(asked, take, received)
            return self._believe(asked, take, received)
        except SearchRefused as fault:
            if not query.patients:
                raise
            return self._fetch_in_another_form(query, take, fault)

    def form(self, kind: str) -> Form:
        """Return the query form for a type."""
        return self.forms.get(kind, USUAL)

    def _fetch_in_another_form(self, query: Query, take: Take, fault: SearchRefused) -> Received:
        for form in other_forms(query):
            asked = form.of(query)
            received = Received(is_by_category=asked.is_by_category)
            try:
                self.walk(asked, take, received)
                self._complete(asked, take, received)
                received = self._believe(asked, take, received)
            except SearchRefused:
                continue
            self.forms[query.type] = form
            self.pager.warn(
                f"{fault.reason} The server accepts a search of {query.type} by patient {form}."
            )
            return received
        raise fault

    def count(self, query: Query) -> int | None:
        """Return the server's count, also if it finds the resources only by code without system."""
        total, codes = self.pager.count(query), _codes(query)
        if total != 0 or codes == query.tokens:
            return total
        return self.pager.count(query.of(tokens=codes))

    def walk(self, query: Query, take: Take, received: Received) -> None:
        """Read all pages once; start again if a next link has expired.

        Raises:
            IncompletePull: a page could not be fetched.
        """
        received.walked, link, begun = Pass(), None, 1
        while link is not None or not received.walked.pages:
            number = received.walked.pages + 1
            try:
                page = self.pager.page(query, number, link)
            except CursorExpired:
                if begun == ATTEMPTS:
                    raise
                self._log_again(query)
                received.begin_again()
                received.walked, link, begun = Pass(), None, begun + 1
                continue
            received.pages += 1
            if number == 1:
                received.expected = self.pager.count(query) if page.total is None else page.total
                received.is_understood = page.honours(query.parameters)
            self._take_rows(query, page, take, received)
            link = next_link(query, page, received.walked)

    def _log_again(self, query: Query) -> None:
        self.pager.log.info(
            f"{query.name}: a next link has expired, starting the query again",
            name="query.again",
            query=query.name,
            type=query.type,
        )

    def _take_rows(self, query: Query, page: Page, take: Take, received: Received) -> None:
        """Check each row of a page, and log the server's warnings.

        Raises:
            IncompletePull: an entry is not a row, or too many pages in a row hold nothing new.
        """
        walked, new = received.walked, 0
        number = walked.pages + 1
        with naming(query, number):
            for head, raw in matches(page, query.type):
                new += walked.add(head)
                if self._is_wanted(query, head, received, is_first_page=number == 1):
                    take(head, raw)
            words = list(warnings(page))
        self.tally.page(query.name, query.type, new)
        for warning in words:
            self.pager.warn(f"the server warns in {query.name}: {warning}")
        if walked.is_idle(new):
            raise incomplete(query, number, f"{IDLE_PAGES} pages in a row held nothing new")

    def _is_wanted(
        self, query: Query, head: Head, received: Received, *, is_first_page: bool
    ) -> bool:
        """Count a row; return whether it matches the query and was not received before.

        Raises:
            NotHonoured: the server ignores `link`, so it would send all its Patients.
        """
        self.pager.server.note_resource(head.last_updated)
        parameter = query.stray(head, self.pager.server.base)
        if parameter == "link":
            raise NotHonoured(str(incomplete(query, None, "the server does not honour link")))
        if parameter is not None:
            received.others.add(head.id)
            received.strays[parameter] += 1
            received.is_heeded = received.is_heeded and not is_first_page
            return False
        if not query.is_wanted(head):
            received.unwanted.add(head.id)
            return False
        received.counted.add(head.id)
        if query.window is not None and query.window.is_without(head):
            received.outside.add(head.id)
        return received.fitting.add(head.id)

    def _complete(self, query: Query, take: Take, received: Received) -> None:
        """Check that at least as many resources were received as the server counts.

        Raises:
            IncompletePull: resources are missing, or this cannot be determined.
        """
        self._doubt(query, received)
        if received.expected is None:
            self._settle(query, take, received)
        if received.is_short and received.strays["code"]:
            # The count may include all resources although page 1 held only matches (Epic, 2026).
            everything = self.pager.count(query.of(tokens=()))
            received.is_heeded = everything != received.expected
        if received.is_short:
            self._fetch_again(query, take, received)

    def _believe(self, query: Query, take: Take, received: Received) -> Received:
        """Return the result of a query; an empty one only if it can be trusted.

        Raises:
            NotHonoured: a search by `_lastUpdated` finds nothing, although resources exist.
        """
        if received.fitting:
            self._understood.add(_shape(query))
        elif not (received.is_understood or _shape(query) in self._understood):
            received = self._doubt_nothing(query, take, received)
        for parameter, number in received.strays.items():
            self.pager.warn(
                f"the server does not honour {parameter} in {query.name}: {number} resources that "
                "do not match the query were excluded"
            )
        return received

    def _doubt(self, query: Query, received: Received) -> None:
        """Handle more rows than the server counts: new rows were added, or its count is wrong."""
        if received.expected is not None and received.received > received.expected:
            again = self.pager.count(query)
            is_enough = again is not None and again >= received.received
            received.expected = again if is_enough else None

    def _settle(self, query: Query, take: Take, received: Received) -> None:
        """Check a result without a count: by the requested ids, or as in `uncounted`."""
        if query.ids and len(received.fitting) == len(query.ids):
            received.is_settled = True
        elif not self.one_pass or received.walked.is_unsound:
            settling = Settling(
                walk=self.walk, take=take, received=received, page_size=self.pager.page_size
            )
            settling.settle(query, received)
            received.is_settled = settling.is_confirmed

    def _fetch_again(self, query: Query, take: Take, received: Received) -> None:
        """Count again and repeat the query once, since rows may change during paging.

        Raises:
            IncompletePull: the result still has fewer resources than the server counts.
        """
        again = self.pager.count(query)
        received.expected = received.expected if again is None else again
        if not received.is_short:
            return
        self.pager.log.info(
            f"{query.name}: {received.received} of {received.expected} received, asking again"
        )
        self.walk(query, take, received)
        if received.is_short:
            have = f"{received.received} were received on {count_of_pages(received.pages)}"
            raise incomplete(query, None, f"the server counts {received.expected}, but {have}")

    def _doubt_nothing(self, query: Query, take: Take, received: Received) -> Received:
        """Test an empty result with a second query: an unknown parameter may find nothing too."""
        if query.since is not None and not self._finds_by_date(query):
            raise NotHonoured(
                str(incomplete(query, None, "the server finds nothing by _lastUpdated"))
            )
        codes = _codes(query)
        if codes == query.tokens:
            return received
        # Some servers find nothing by `system|code` (r4.smarthealthit.org).
        asked = query.of(tokens=codes)
        again = Received(is_by_category=query.is_by_category)
        self.walk(asked, take, again)
        self._complete(asked, take, again)
        if again.fitting:
            self.pager.warn(f"the server finds a {query.type} by its code only, not by system|code")
        return again

    def _finds_by_date(self, query: Query) -> bool:
        """Return whether a search for changes since long ago finds all resources."""
        dated = self.pager.count(query.of(since=LONG_AGO))
        total = self.pager.count(query.of(since=None))
        return dated is not None and dated == total


def _codes(query: Query) -> tuple[str, ...]:
    return tuple(dict.fromkeys(bare(token) for token in query.tokens))


def _shape(query: Query) -> tuple[str, ...]:
    return (query.type, *sorted(query.parameters))
