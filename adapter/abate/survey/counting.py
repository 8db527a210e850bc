"""What is there by code: the code lists that a study needs, each with what it finds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abate.codes import Code
from abate.identity import CANONICAL
from abate.source.query import token
from abate.survey.asking import Asker
from abate.survey.found import CodeCount, CodeSearch, Counted, ListCount, SeenCode

NO_SUCH_CODE = f"{CANONICAL}/CodeSystem/none|abate-no-such-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A code list that a study needs, and the type that it is searched in."""

    what: str
    list: str
    type: str


WANTED = (
    Wanted(what="index procedures", list="cementoplasty", type="Procedure"),
    Wanted(what="ablation, beside it", list="bone-ablation", type="Procedure"),
    Wanted(what="pain scores", list="pain-intensity", type="Observation"),
    Wanted(what="bone metastases", list="bone-metastasis", type="Condition"),
    Wanted(what="primary tumours", list="primary-tumour", type="Condition"),
)

SHAPED = ("cementoplasty", "pain-intensity")
"""The lists of which it is told how their resources are written."""


def control(asker: Asker, kind: str) -> CodeSearch:
    """Whether a search by code is heeded: a code that cannot be there must find nothing."""
    found = asker.count(kind, NO_SUCH_CODE)
    if found.any:
        return CodeSearch(
            type=kind, state="ignored", detail="a code that cannot be there finds resources"
        )
    if found.n is None:
        return CodeSearch(type=kind, state="refused", detail=found.problem)
    return CodeSearch(type=kind, state="untried")


def as_seen(codings: Iterable[tuple[str, str]]) -> list[SeenCode]:
    """The codings of one resource as codes that were seen."""
    return [SeenCode(system=system, code=code, display="", n=1) for system, code in codings]


def confirm(asker: Asker, search: CodeSearch, seen: Sequence[SeenCode]) -> CodeSearch:
    """Whether a code that was seen is found, with its system and without."""
    coded = next((one for one in seen if one.system), None)
    if search.state != "untried" or coded is None:
        return search
    if asker.count(search.type, token(coded.system, coded.code)).any:
        return CodeSearch(type=search.type, state="works")
    if asker.count(search.type, token("", coded.code)).any:
        return CodeSearch(
            type=search.type,
            state="bare-only",
            detail="a code that is there is found without its system only",
        )
    return CodeSearch(
        type=search.type, state="finds-nothing", detail="a code that is there is not found"
    )


def by_list(search: CodeSearch, counted: ListCount) -> CodeSearch:
    """The same, where no code was seen to try it with: a list that finds some will do."""
    if search.state == "untried" and counted.codes and counted.n:
        return CodeSearch(type=search.type, state="works")
    return search


def of_list(asker: Asker, wanted: Wanted, codes: Sequence[Code]) -> ListCount:
    """What a code list finds, as a run would ask for it; then code by code, if it finds some."""
    whole = asker.count(wanted.type, joined(codes))
    bare = asker.count(wanted.type, ",".join(dict.fromkeys(token("", c.code) for c in codes)))
    more = (bare.n or 0) > (whole.n or 0)
    each = [_of_code(asker, wanted, code, more=more) for code in codes if whole.any or more]
    return ListCount(
        what=wanted.what,
        list=wanted.list,
        type=wanted.type,
        n=whole.n,
        bare=bare.n,
        problem=whole.problem,
        codes=tuple(one for one in each if one is not None),
    )


def joined(codes: Sequence[Code]) -> str:
    """All codes as one search value."""
    return ",".join(token(code.system, code.code) for code in codes)


def _of_code(asker: Asker, wanted: Wanted, code: Code, *, more: bool) -> CodeCount | None:
    found = asker.count(wanted.type, token(code.system, code.code))
    bare = asker.count(wanted.type, token("", code.code)) if more else Counted(n=found.n)
    if not (found.any or bare.any):
        return None
    return CodeCount(system=code.system, code=code.code, name=code.name, n=found.n, bare=bare.n)
