"""How many resources a page gives, where many are asked for."""

from http import HTTPStatus

from abate.errors import SourceError
from abate.source.searchset import Page
from abate.survey.asking import Asker, Spent
from abate.survey.estimate import Pace
from abate.survey.found import Probe

WHAT = "large pages"
TYPE = "Observation"
ASKED = 1000
FEW = 20  # So few tell nothing of how long many take.
# A page that would take longer than this is not asked for.
LONGEST_SECONDS = 15


def probe(asker: Asker) -> Probe:
    """Ask for a large page; not of a server that is slow already."""
    if (seconds := _expected(asker.paces)) > LONGEST_SECONDS:
        return _made("not tried", f"a page of {ASKED} would take about {seconds:.0f} s")
    try:
        answer = asker.get(TYPE, {"_count": str(ASKED)})
        if answer.status != HTTPStatus.OK:
            return _made(f"NO ({answer.status})", f"{ASKED} a page are refused: keep page_size low")
        page = asker.measured(answer.decode(Page), ASKED)
    except Spent:
        raise
    except SourceError as error:
        return _made("NO", f"{ASKED} a page are too many: {error}")
    given = len(page.entry)
    if page.next is None and given < ASKED:
        return _made("not tried", f"all {given} fit on one page")
    if given < ASKED:
        return _made(
            "NO", f"at most {given} a page, whatever is asked for: next links are followed"
        )
    return _made("yes", f"{given} a page: [source] page_size may be raised from 200")


def _expected(paces: list[Pace]) -> float:
    """Seconds for a large page, by the pages that were seen."""
    largest = max(paces, key=lambda one: one.resources, default=None)
    if largest is None or largest.resources < FEW:
        return 0.0
    return ASKED * largest.seconds / largest.resources


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
