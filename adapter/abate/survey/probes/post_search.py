"""Search by POST: a pull searches for patients by POST to keep their ids out of access logs.

The same search must find the same by GET and POST. It names no patient, since a GET is logged.
"""

from http import HTTPStatus
from typing import TypeAlias

from abate.fhir.bundle import Page, matches
from abate.http.failures import NOT_OFFERED
from abate.http.response import Answer
from abate.source.query import Pairs, token
from abate.survey.code_counts import NO_SUCH_CODE
from abate.survey.context import Context, Probe, Verdict

TYPE = "Observation"
PAGE = 20

# The server's total, and the ids if all are on one page.
_Result: TypeAlias = tuple[int | None, frozenset[str] | None]


def _ask_both_ways(context: Context) -> Verdict:
    by_code = _find_sampled_code(context)
    got = _read(context.client.get(TYPE, dict([*by_code, ("_count", str(PAGE))])))
    if got is None or got[1] == frozenset():
        return "not tried", "there are no resources to try it with"
    answer = context.client.search_by_post(TYPE, by_code, PAGE)
    if answer.status in NOT_OFFERED:
        return f"NO ({answer.status})", (
            "patients are searched for by GET: their ids appear in the server's access logs"
        )
    if answer.status != HTTPStatus.OK:
        return f"NO ({answer.status})", "a pull stops when it searches for its patients"
    if _is_same(got, _read(answer)) and (not by_code or _reads_body(context)):
        return "yes", "patients' ids are sent in the body, not in URLs, and stay out of access logs"
    return "NO", "it finds other resources than GET: a pull of some patients is incomplete"


def _find_sampled_code(context: Context) -> Pairs:
    """Return a search for a code that exists, if codes can be searched."""
    sample, search = context.samples.get(TYPE), context.searches.get(TYPE)
    if sample is None or search is None or search.state != "works":
        return []
    seen = [code for code in sample.codes if code.system and code.exact][:1]
    return [("code", token(code.system, code.code)) for code in seen]


def _reads_body(context: Context) -> bool:
    """Whether the server reads the body: a code that cannot exist must find nothing."""
    none = _read(context.client.search_by_post(TYPE, [("code", NO_SUCH_CODE)], PAGE))
    return none is not None and not any(none)


def _read(answer: Answer) -> _Result | None:
    if answer.status != HTTPStatus.OK:
        return None
    page: Page = answer.decode(Page)
    ids = frozenset(head.id for head, _ in matches(page, TYPE))
    return page.total, ids if page.next is None else None


def _is_same(got: _Result, posted: _Result | None) -> bool:
    """Whether both found the same; HAPI 8.8 does not always give a total (2026-11)."""
    if posted is None or got[1] != posted[1]:
        return False
    return None in (got[0], posted[0]) or got[0] == posted[0]


POST_SEARCH = Probe(what="search by POST", group="pull", ask=_ask_both_ways, needs=TYPE)
