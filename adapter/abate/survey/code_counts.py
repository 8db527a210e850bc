"""Counts by code: whether codes can be searched, and how much the known code lists find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from abate.errors import SourceError
from abate.fhir.bundle import Page, matches
from abate.fhir.canonical import NO_CODES
from abate.fhir.types import CODED_NAMES, OPTIONAL_TO_READ
from abate.http.body import TooLarge
from abate.mapping.code_lists import Code
from abate.source.query import token
from abate.survey import sample
from abate.survey.budgeted_client import BudgetedClient
from abate.survey.context import Context, Probe
from abate.survey.model import CodeCount, CodeSearch, ListCount

NO_SUCH_CODE = f"{NO_CODES}|abate-no-such-code"
# The code lists that a study needs: what they mean, and the type that they are searched in.
WANTED = {
    "cementoplasty": ("index procedures", "Procedure"),
    "bone-ablation": ("ablation, beside it", "Procedure"),
    "pain-intensity": ("pain scores", "Observation"),
    "bone-metastasis": ("bone metastases", "Condition"),
    "primary-tumour": ("primary tumours", "Condition"),
}
_IGNORED = "a code that cannot exist finds resources"
_BARE_ONLY = "a code that exists is found only without its system"
_FINDS_NOTHING = "a code that exists is not found"
# The lists whose resources are examined for their shapes.
SHAPED = {name: WANTED[name][1] for name in ("cementoplasty", "pain-intensity")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """The count of a search by code, or why it is not known and whether it found any."""

    n: int | None = None
    any: bool = False
    problem: str = ""


def _examine_codes(context: Context) -> None:
    """Try searches by code for each type, and sample the types that each study has."""
    for kind in CODED_NAMES:
        context.searches[kind] = _try_absent_code(context.client, kind)
    for kind in CODED_NAMES:
        if kind in OPTIONAL_TO_READ:
            seen = context.codings.get(kind, [])
        else:
            taken = sample.take(context, kind, _known_codes(context.lists, kind), SHAPED)
            seen = [(code.system, code.code) for code in taken.codes]
        if context.searches[kind].state == "untried":
            context.searches[kind] = _try_sampled_code(context.client, kind, seen)


def _count_lists(context: Context) -> None:
    """Count by each known code list, and note the shapes of the found resources."""
    for name, (what, kind) in WANTED.items():
        search = context.searches.get(kind)
        if search is None or not search.is_trusted:
            continue
        counted = _count_list(context, name)
        context.counts.append(counted)
        if search.state == "untried" and counted.codes and counted.n:
            context.searches[kind] = CodeSearch(type=kind, state="works")
        context.log.info(
            f"counted {what} by the codes of list:{name}",
            name="list.counted",
            list=name,
            type=kind,
            n=counted.n,
        )
    for counted in context.counts:
        if counted.list in SHAPED and counted.n != 0:
            sample.take_shapes(context, counted.type, join_codes(context.lists[counted.list]))


def join_codes(codes: Sequence[Code]) -> str:
    """Return all codes as one search value."""
    return ",".join(token(code.system, code.code) for code in codes)


def known_scores(context: Context) -> list[tuple[str, str]]:
    """Return system and code of the pain scores that abate knows."""
    return list(_known_codes(context.lists, "Observation"))


def _known_codes(lists: Mapping[str, Sequence[Code]], kind: str) -> sample.KnownCodes:
    return {
        (code.system, code.code): (name, code.name)
        for name, (_, searched) in WANTED.items()
        if searched == kind
        for code in lists.get(name, ())
    }


def _try_absent_code(client: BudgetedClient, kind: str) -> CodeSearch:
    """Try whether a search by code is honoured: a code that cannot exist must find nothing."""
    counted = _count(client, kind, NO_SUCH_CODE)
    if counted.any:
        return CodeSearch(type=kind, state="ignored", detail=_IGNORED)
    if counted.n is None:
        return CodeSearch(type=kind, state="refused", detail=counted.problem)
    return CodeSearch(type=kind, state="untried")


def _try_sampled_code(
    client: BudgetedClient, kind: str, seen: Sequence[tuple[str, str]]
) -> CodeSearch:
    """Try whether the first sampled code is found, with its system and without."""
    coded = next((coding for coding in seen if coding[0]), None)
    if coded is None:
        return CodeSearch(type=kind, state="untried")
    if _count(client, kind, token(*coded)).any:
        return CodeSearch(type=kind, state="works")
    if _count(client, kind, token("", coded[1])).any:
        return CodeSearch(type=kind, state="bare-only", detail=_BARE_ONLY)
    return CodeSearch(type=kind, state="finds-nothing", detail=_FINDS_NOTHING)


def _count_list(context: Context, name: str) -> ListCount:
    """Count a code list as a run would query it; then each code, if the list finds any."""
    what, kind = WANTED[name]
    client, codes = context.client, context.lists.get(name, ())
    whole = _count(client, kind, join_codes(codes))
    bare = _count(client, kind, ",".join(dict.fromkeys(token("", code.code) for code in codes)))
    is_more = (bare.n or 0) > (whole.n or 0)
    each = [_count_code(client, kind, code, is_more) for code in codes if whole.any or is_more]
    return ListCount(
        what=what,
        list=name,
        type=kind,
        n=whole.n,
        bare=bare.n,
        problem=whole.problem,
        codes=tuple(count for count in each if count is not None),
    )


def _count_code(client: BudgetedClient, kind: str, code: Code, with_bare: bool) -> CodeCount | None:
    counted = _count(client, kind, token(code.system, code.code))
    bare = _count(client, kind, token("", code.code)) if with_bare else _Count(n=counted.n)
    if not (counted.any or bare.any):
        return None
    return CodeCount(system=code.system, code=code.code, name=code.name, n=counted.n, bare=bare.n)


def _count(client: BudgetedClient, kind: str, code: str) -> _Count:
    """Count the resources of a type that a search by code finds."""
    counted = _ask(client, kind, {"code": code, "_summary": "count"})
    if counted.n is None:
        return _ask(client, kind, {"code": code, "_count": "1", "_total": "accurate"})
    return counted


def _ask(client: BudgetedClient, kind: str, parameters: Mapping[str, str]) -> _Count:
    try:
        answer = client.get(kind, parameters)
    except TooLarge as error:
        return _Count(problem=str(error))
    if answer.status != HTTPStatus.OK:
        return _Count(problem=f"it answered {answer.status} to a search by code")
    try:
        page: Page = answer.decode(Page)
        page.refuse_type("searchset")
        has_some = any(True for _ in matches(page, kind))
    except SourceError:
        return _Count(problem="its answer to a search by code is not a searchset")
    if page.total is not None:
        return _Count(n=page.total, any=page.total > 0)
    if "_count" in parameters and not has_some and page.next is None:
        return _Count(n=0)
    return _Count(any=has_some, problem="it gives no total")


EXAMINE_CODES = Probe(group="read", ask=_examine_codes, passes=(SourceError,))
COUNT_LISTS = Probe(group="read", ask=_count_lists, passes=(SourceError,))
