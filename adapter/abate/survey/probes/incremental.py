"""The abilities that a nightly job relies on: counts, pages, dates of change, history."""

from http import HTTPStatus

from abate.fhir.bundle import Page
from abate.survey.context import Context, Probe, Verdict

TYPE = "Observation"
PAGE = 50
LONG_AGO, NEVER = "ge1900-01-01T00:00:00Z", "ge2999-01-01T00:00:00Z"
LARGE_PAGE = 1000
# The time of fewer resources does not predict the time of many.
_FEW = 20
# A page that would take longer than this is not requested.
_LONGEST_SECONDS = 15
_NO_COUNTS = "each query is sent twice, whole or in halves; a run names what nothing else confirms"
_NO_PAGES = "a pull stops at the second page, and reports an incomplete result"
_NO_DATES = "each run pulls everything: strategy patient is better"


def _ask_counts(context: Context) -> Verdict:
    context.first_page = _page(context, _count=str(PAGE), _total="accurate")
    context.total = context.first_page.total if context.first_page else None
    if context.total is None:
        context.total = _total(context)
    if context.total is None:
        return "NO", _NO_COUNTS
    return "yes", "the number received is compared with it"


def _follow(context: Context) -> Verdict:
    first = context.first_page
    if first is None or first.next is None:
        return "not tried", "all resources fit on one page"
    answer = context.client.get(context.client.server.resolve(first.next))
    if answer.status != HTTPStatus.OK or not answer.decode(Page).entry:
        return "NO", _NO_PAGES
    return "yes", f"followed; {len(first.entry)} of {PAGE} requested resources were on the page"


def _ask_dates(context: Context) -> Verdict:
    """Search by `_lastUpdated`: a date long ago must find all, one in the far future none."""
    if not context.total:
        return "not tried", "there are no resources to try it with"
    since, never = _total(context, _lastUpdated=LONG_AGO), _total(context, _lastUpdated=NEVER)
    if (since, never) != (context.total, 0):
        return "NO", _NO_DATES
    return "yes", "later runs pull only changed resources"


def _read_history(context: Context) -> Verdict:
    if context.capability.has_patient_history:
        return "says yes", "each run detects deleted Patients"
    return (
        "says no",
        "run `abate reconcile` regularly: deleted Patients are not detected otherwise",
    )


def _ask_large_page(context: Context) -> Verdict:
    """Request a large page; skip a server that was slow until now."""
    if (seconds := _estimate_seconds(context)) > _LONGEST_SECONDS:
        return "not tried", f"a page of {LARGE_PAGE} would take about {seconds:.0f} s"
    answer = context.client.get(TYPE, {"_count": str(LARGE_PAGE)})
    if answer.status != HTTPStatus.OK:
        return f"NO ({answer.status})", f"{LARGE_PAGE} per page are refused: keep page_size low"
    page = context.client.read_page(answer, LARGE_PAGE)
    given = len(page.entry)
    if given >= LARGE_PAGE:
        return "yes", f"{given} per page: [source] page_size may be raised from 200"
    if page.next is None:
        return "not tried", f"all {given} fit on one page"
    return "NO", f"at most {given} per page, whatever the request: next links are followed"


def _estimate_seconds(context: Context) -> float:
    largest = max(context.client.paces, key=lambda page: page.resources, default=None)
    if largest is None or largest.resources < _FEW:
        return 0.0
    return LARGE_PAGE * largest.seconds / largest.resources


def _total(context: Context, **parameters: str) -> int | None:
    page = _page(context, **parameters, _summary="count")
    return None if page is None else page.total


def _page(context: Context, **parameters: str) -> Page | None:
    """Return the first page of Observations; None if the search is refused."""
    answer = context.client.get(TYPE, parameters)
    return answer.decode(Page) if answer.status == HTTPStatus.OK else None


INCREMENTAL = (
    Probe(what="counts", group="pull", ask=_ask_counts, needs=TYPE, unreadable=_NO_COUNTS),
    Probe(what="next pages", group="pull", ask=_follow, needs=TYPE, unreadable=_NO_PAGES),
    Probe(what="_lastUpdated", group="pull", ask=_ask_dates, needs=TYPE, unreadable=_NO_DATES),
    Probe(what="history of Patients", group="pull", ask=_read_history, needs=TYPE),
)
LARGE_PAGES = Probe(
    what="large pages",
    group="pull",
    ask=_ask_large_page,
    needs=TYPE,
    unreadable=f"{LARGE_PAGE} per page are too many: {{error}}",
)
