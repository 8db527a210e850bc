"""One query, from its first page to the one without a next link, and whether all of it arrived.

What the server says it has is held against the distinct ids that arrived. Fewer: it is counted
again, and asked once more, and what arrives is merged by id; still fewer is a hole, an error. If
the server gives no count, `uncounted` says what is asked instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from abate.errors import SourceError
from abate.fhir.bundle import Head, Page, matches, warnings
from abate.source.query import LONG_AGO, Query, bare
from abate.source.query_forms import USUAL, Form, other_forms
from abate.source.search.live_counts import Tally
from abate.source.search.paging import Expired, NotHeeded, Pager, Refused, hole
from abate.source.search.received import IDLE_PAGES, Brought, Walked
from abate.source.search.uncounted import Settling, Take
from abate.store.ledger import count_of_pages

# So often a query is begun, where its next links expire on the way.
ATTEMPTS = 3

Row = tuple[Head, bytes]


@dataclass(slots=True, kw_only=True)
class Asker:
    """Asks one server; what it learns of it holds for all queries that follow.

    Attributes:
        forms: by type the form in which the server takes questions for patients' resources.
    """

    pager: Pager
    tally: Tally
    one_pass: bool = False
    forms: dict[str, Form] = field(default_factory=dict)
    _understood: set[tuple[str, ...]] = field(default_factory=set)

    def bring(self, query: Query, take: Take) -> Brought:
        """Give all that answers a query to `take`, each resource once.

        A question for patients' resources that the server refuses is asked in another form; the
        form that it takes holds for the type from then on.

        Raises:
            IncompletePull: names the query, the type and the page.
            NotHeeded: nothing is found by `_lastUpdated`, and something is there.
            Refused: the server takes the query in no form.
        """
        if not query.patients:
            return self._brought(query, take)
        try:
            return self._brought(self.form(query.type).of(query), take)
        except Refused as fault:
            return self._in_another_form(query, take, fault)

    def form(self, kind: str) -> Form:
        """The form in which a type is asked for."""
        return self.forms.get(kind, USUAL)

    def _in_another_form(self, query: Query, take: Take, fault: Refused) -> Brought:
        for form in other_forms(query):
            try:
                brought = self._brought(form.of(query), take)
            except Refused:
                continue
            self.forms[query.type] = form
            self.pager.warn(f"{fault} The server takes a search of {query.type} by patient {form}.")
            return brought
        raise fault

    def _brought(self, query: Query, take: Take) -> Brought:
        brought = self._whole(query, take)
        if brought.fitting:
            self._understood.add(_shape(query))
        elif not self._is_believed(query, brought):
            brought = self._asked_otherwise(query, take, brought)
        brought.is_by_category = query.is_by_category
        for parameter, number in brought.strays.items():
            self.pager.warn(
                f"the server does not heed {parameter} in {query.name}: {number} resources that "
                "were not asked for are left out"
            )
        return brought

    def count(self, query: Query) -> int | None:
        """How many the server says it has, also where it finds them by their code only."""
        found, codes = self.pager.count(query), _codes(query)
        if found != 0 or codes == query.tokens:
            return found
        return self.pager.count(query.of(tokens=codes))

    def _whole(self, query: Query, take: Take) -> Brought:
        brought = Brought()
        self._pass(query, take, brought)
        self._doubt(query, brought)
        if brought.expected is None:
            self._settle(query, take, brought)
        if brought.is_short and brought.strays["code"]:
            # The first page held only what answers, by chance, where all is counted (Epic, 2026).
            everything = self.pager.count(query.of(tokens=()))
            brought.is_heeded = everything != brought.expected
        if brought.is_short:
            self._once_more(query, take, brought)
        return brought

    def _doubt(self, query: Query, brought: Brought) -> None:
        """More than the server counts: rows came meanwhile, or its count means nothing."""
        if brought.expected is not None and brought.received > brought.expected:
            again = self.pager.count(query)
            brought.expected = again if again is not None and again >= brought.received else None

    def _settle(self, query: Query, take: Take, brought: Brought) -> None:
        """Without a count: all that was asked for by its id is there, or see `uncounted`."""
        if query.ids and len(brought.fitting) == len(query.ids):
            brought.is_settled = True
        elif not self.one_pass or brought.walked.is_unsound:
            settling = Settling(
                walk=self._pass, take=take, brought=brought, page_size=self.pager.page_size
            )
            settling.settle(query, brought)
            brought.is_settled = settling.is_confirmed

    def _once_more(self, query: Query, take: Take, brought: Brought) -> None:
        """Rows come and go while one pages: count again, and repeat the query once."""
        again = self.pager.count(query)
        brought.expected = brought.expected if again is None else again
        if not brought.is_short:
            return
        self.pager.log.info(
            f"{query.name}: {brought.received} of {brought.expected} arrived, asking again"
        )
        self._pass(query, take, brought)
        if brought.is_short:
            have = f"{brought.received} arrived on {count_of_pages(brought.pages)}"
            raise hole(query, None, f"the server says it has {brought.expected}, and {have}")

    def _is_believed(self, query: Query, brought: Brought) -> bool:
        """Whether nothing means nothing: an unknown parameter may find nothing too."""
        return brought.is_understood or _shape(query) in self._understood

    def _asked_otherwise(self, query: Query, take: Take, brought: Brought) -> Brought:
        """A second question tells whether the parameters of an empty answer were understood."""
        if query.since is not None and not self._finds_by_date(query):
            raise NotHeeded(str(hole(query, None, "the server finds nothing by _lastUpdated")))
        codes = _codes(query)
        if codes == query.tokens:
            return brought
        # Some servers find nothing by `system|code` (r4.smarthealthit.org).
        again = self._whole(query.of(tokens=codes), take)
        if again.fitting:
            self.pager.warn(f"the server finds a {query.type} by its code only, not by system|code")
        return again

    def _finds_by_date(self, query: Query) -> bool:
        """Whether all that is there is found by a date of long ago."""
        found, there = (
            self.pager.count(query.of(since=LONG_AGO)),
            self.pager.count(query.of(since=None)),
        )
        return found is not None and found == there

    def _pass(self, query: Query, take: Take, brought: Brought) -> None:
        """Go through all pages once, and begin again where a next link has expired."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._walk(query, take, brought)
            except Expired:
                if attempt == ATTEMPTS:
                    raise
                self.pager.log.info(
                    f"{query.name}: a next link has expired, asking again",
                    name="query.again",
                    query=query.name,
                    type=query.type,
                )
                brought.begin_again()
            else:
                return

    def _walk(self, query: Query, take: Take, brought: Brought) -> None:
        walked = brought.walked = Walked()
        for number, page in enumerate(self.pager.pages(query), start=1):
            brought.pages += 1
            if number == 1:
                brought.expected = page.total if page.total is not None else self.pager.count(query)
                brought.is_understood = page.heeds(query.parameters)
            brought.is_first_page, new = number == 1, 0
            for row in _matches(query, number, page):
                new += walked.add(row[0])
                self._judge(query, row, take, brought)
            self.tally.page(query.name, query.type, new)
            for warning in _warnings(query, number, page):
                self.pager.warn(f"the server says in {query.name}: {warning}")
            if walked.is_idle(new):
                raise hole(query, number, f"{IDLE_PAGES} pages in a row brought nothing new")

    def _judge(self, query: Query, row: Row, take: Take, brought: Brought) -> None:
        head, raw = row
        self.pager.server.note_resource(head.last_updated)
        parameter = query.stray(head, self.pager.server.base)
        if parameter is None and not query.is_wanted(head):
            brought.unwanted.add(head.id)
            return
        if parameter is None:
            brought.counted.add(head.id)
            if query.window is not None and query.window.is_without(head):
                brought.outside.add(head.id)
            if brought.fitting.add(head.id):
                take(head, raw)
            return
        if parameter == "link":
            # Else all Patients of the server would come.
            raise NotHeeded(str(hole(query, None, "the server does not heed link")))
        brought.others.add(head.id)
        brought.strays[parameter] += 1
        if brought.is_first_page:
            brought.is_heeded = False


def _codes(query: Query) -> tuple[str, ...]:
    return tuple(dict.fromkeys(bare(token) for token in query.tokens))


def _shape(query: Query) -> tuple[str, ...]:
    return (query.type, *sorted(query.parameters))


def _matches(query: Query, number: int, page: Page) -> Iterator[tuple[Head, bytes]]:
    try:
        yield from matches(page, query.type)
    except SourceError as error:
        raise hole(query, number, str(error)) from None


def _warnings(query: Query, number: int, page: Page) -> Iterator[str]:
    try:
        yield from warnings(page)
    except SourceError as error:
        raise hole(query, number, str(error)) from None
