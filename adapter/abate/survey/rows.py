"""The table of a survey: its rows in the order for people, and what is shut."""

from collections.abc import Iterable, Mapping, Sequence

from abate.resource_types import CODED_NAMES, INDEX_TYPE, OPTIONAL_TO_READ, READ_NAMES
from abate.source.http import FhirServer
from abate.survey import (
    categories,
    exporting,
    large_page,
    one_patient,
    posting,
    saying,
    validating,
    writing,
)
from abate.survey.found import CodeSearch, Probe
from abate.survey.reading import name

# What a search by code was found to be, and what a run does about it.
_STATES = {
    "works": ("yes", "a pull asks by system|code"),
    "untried": ("not tried", "there was no code to try it with"),
    "bare-only": ("NO", "only the bare code is found: a pull asks so, whole and every night"),
    "finds-nothing": ("NO", "a code that is there is not found: {}"),
    "ignored": ("NO", "a code that cannot be there finds some: a run pulls everything and stops"),
    "refused": ("NO", "not over the whole server: {}"),
}
# What a pull rests on, what a night does, what a report needs.
GROUPS = (
    (*map(name, READ_NAMES), *(f"{kind} by code" for kind in CODED_NAMES)),
    (
        "counts",
        "next pages",
        large_page.WHAT,
        posting.WHAT,
        one_patient.WHAT,
        categories.WHAT,
        "_lastUpdated",
        "history of Patients",
        exporting.WHAT,
        exporting.LOGIN,
    ),
    (
        saying.TYPES,
        saying.OWN_IDS,
        saying.CONDITIONAL,
        validating.WHAT,
        saying.TRANSACTION,
        saying.TWICE,
        saying.MATCH,
        saying.WHOLE,
        writing.END,
    ),
)
_PLACES = {
    what: (group, place) for group, some in enumerate(GROUPS) for place, what in enumerate(some)
}


def in_order(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    """The rows as people read them: reading, pulling, writing."""
    return tuple(sorted(probes, key=lambda one: _PLACES[one.what]))


def grouped(probes: Sequence[Probe]) -> list[list[Probe]]:
    """The rows of each group, without the empty ones."""
    some = [[one for one in probes if one.what in group] for group in GROUPS]
    return [one for one in some if one]


def by_code(search: CodeSearch) -> Probe:
    """The row of a search by code."""
    found, then = _STATES[search.state]
    if search.state == "untried" and search.type in OPTIONAL_TO_READ:
        then = f"{then}: if a run finds none either, what depends on it is not assessable"
    then = then.format(without_code(search.type))
    return Probe(what=f"{search.type} by code", found=found, then=then)


def without_code(kind: str) -> str:
    """What a run does about a type that is not found by code."""
    if kind == INDEX_TYPE:
        return "[source] patients says whose are asked for without a code; or an export may help"
    return "a run asks for those of its patients without a code, and looks for the codes itself"


def shut_words(server: FhirServer, kinds: Sequence[str], shut: Mapping[str, int]) -> str:
    """What a pull needs and may not read, and what to do; or nothing."""
    if not kinds:
        return ""
    told = ", ".join(f"{kind} ({shut[kind]})" for kind in kinds)
    return f"a pull may not read {told}: {server.login_wanted(shut[kinds[0]])}"
