"""Search by POST: a pull asks for patients that way, so that their ids stay out of access logs.

The same search must bring the same both ways. No patient is named in it: what is in a GET is seen.
"""

from dataclasses import dataclass
from http import HTTPStatus

from abate.errors import SourceError
from abate.source.failures import NOT_OFFERED
from abate.source.http import Answer
from abate.source.query import Pairs, token
from abate.source.searchset import Page, matches
from abate.survey.asking import Asker, Spent
from abate.survey.counting import NO_SUCH_CODE
from abate.survey.found import CodeSearch, Probe, SeenCode

WHAT = "search by POST"
TYPE = "Observation"
PAGE = 20


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search found: how many the server says, and the ids where all are on one page."""

    total: int | None
    ids: frozenset[str] | None


def probe(asker: Asker, search: CodeSearch | None, seen: SeenCode | None) -> Probe:
    """Search both ways.

    Args:
        asker: asks.
        search: whether the type can be searched by code.
        seen: a code that is there.
    """
    by_code = search is not None and search.state == "works" and seen is not None
    asked = [("code", token(seen.system, seen.code))] if by_code and seen else []
    try:
        got = _found(asker.get(TYPE, dict([*asked, ("_count", str(PAGE))])))
        if got is None or got.ids == frozenset():
            return _made("not tried", "there is nothing to try it with")
        answer = _posted(asker, asked)
        if answer.status in NOT_OFFERED:
            return _made(
                f"NO ({answer.status})",
                "patients are asked for by GET: their ids stand in the server's access logs",
            )
        if answer.status != HTTPStatus.OK:
            return _made(f"NO ({answer.status})", "a pull ends where it asks for its patients")
        same = _is_same(got, _found(answer)) and (not by_code or _heeds(asker))
    except Spent:
        raise
    except SourceError as error:
        return _made("NO", f"no answer that can be read: {error}")
    if same:
        return _made("yes", "patients' ids go in the body, and stay out of URLs and access logs")
    return _made("NO", "it finds something else than by GET: a pull of some patients is not whole")


def _heeds(asker: Asker) -> bool:
    """Whether the body is read: a code that cannot be there must find nothing."""
    found = _found(_posted(asker, [("code", NO_SUCH_CODE)]))
    return found is not None and not found.total and not found.ids


def _posted(asker: Asker, asked: Pairs) -> Answer:
    pairs = [*asked, ("_count", str(PAGE))]
    return asker.ask(lambda: asker.server.search(TYPE, pairs, private=True))


def _found(answer: Answer) -> _Found | None:
    if answer.status != HTTPStatus.OK:
        return None
    page: Page = answer.decode(Page)
    ids = frozenset(head.id for head, _ in matches(page, TYPE))
    return _Found(page.total, ids if page.next is None else None)


def _is_same(got: _Found, posted: _Found | None) -> bool:
    """What both say is compared; HAPI says its total now and then only."""
    if posted is None or (got.ids is None) != (posted.ids is None) or got.ids != posted.ids:
        return False
    return None in (got.total, posted.total) or got.total == posted.total


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
