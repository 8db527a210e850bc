"""What a nightly job can rely on, as it was tried: counts, pages, dates of change, history."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from abate.errors import LoginRefused, SourceError
from abate.source.searchset import Page
from abate.survey.asking import Asker, Spent
from abate.survey.found import Probe, Server

TYPE = "Observation"
PAGE = 50
LONG_AGO, NEVER = "ge1900-01-01T00:00:00Z", "ge2999-01-01T00:00:00Z"


def probes(asker: Asker, said: Server) -> Iterator[Probe]:
    """Try one after the other; each says what a pull does about it."""
    first = _page(asker, {"_count": str(PAGE), "_total": "accurate"})
    total = None if first is None else first.total
    total = _total(asker, {"_summary": "count"}) if total is None else total
    yield Probe(
        what="counts",
        found=_word(total is not None),
        then="arrived is held against expected"
        if total is not None
        else "each query is asked twice, whole or in halves; what only that confirms is told",
    )
    yield _paging(asker, first)
    yield _dates(asker, total)
    has_history = "history-type" in said.of("Patient").interactions
    yield Probe(
        what="history of Patients",
        found="says yes" if has_history else "says no",
        then="deleted Patients are found each night"
        if has_history
        else "say abate reconcile now and then: nothing else finds a deleted Patient",
    )


def _paging(asker: Asker, first: Page | None) -> Probe:
    if first is None or first.next is None:
        return Probe(what="next pages", found="not tried", then="all fits on one page")
    try:
        answer = asker.get(asker.server.resolve(first.next))
        works = answer.status == HTTPStatus.OK and bool(answer.decode(Page).entry)
    except (Spent, LoginRefused):
        raise
    except SourceError:
        works = False
    return Probe(
        what="next pages",
        found=_word(works),
        then=f"followed; {len(first.entry)} came where {PAGE} were asked for"
        if works
        else "a pull ends with a named hole at the second page",
    )


def _dates(asker: Asker, total: int | None) -> Probe:
    """All must be found since long ago, and nothing since a day that is far off."""
    since = _total(asker, {"_lastUpdated": LONG_AGO, "_summary": "count"})
    never = _total(asker, {"_lastUpdated": NEVER, "_summary": "count"})
    if not total:
        return Probe(what="_lastUpdated", found="not tried", then="there is nothing to try it with")
    works = since == total and never == 0
    return Probe(
        what="_lastUpdated",
        found=_word(works),
        then="a night asks only for what changed"
        if works
        else "a night pulls everything: strategy patient is the better one",
    )


def _total(asker: Asker, parameters: Mapping[str, str]) -> int | None:
    page = _page(asker, parameters)
    return None if page is None else page.total


def _page(asker: Asker, parameters: Mapping[str, str]) -> Page | None:
    try:
        answer = asker.get(TYPE, parameters)
        page: Page | None = answer.decode(Page) if answer.status == HTTPStatus.OK else None
    except (Spent, LoginRefused):
        raise
    except SourceError:
        return None
    return page


def _word(works: bool) -> str:
    return "yes" if works else "NO"
