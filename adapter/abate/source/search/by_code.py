"""Land the types that are searched by code; by patient, if the search by code does not work.

An empty answer is not trusted at once: see `empty_answers`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from abate.errors import IncompletePull
from abate.fhir.types import INDEX_TYPE
from abate.source.plan import INDEX
from abate.source.query import Query, in_pieces
from abate.source.query_forms import WITHOUT_CODE
from abate.source.search.empty_answers import (
    NAME_PATIENTS,
    by_any,
    judge,
    keep_without_code,
    note,
    unfound,
)
from abate.source.search.paging import NotHonoured, SearchRefused
from abate.source.search.partitions import parts_of
from abate.source.search.pull import Asked, Pull, in_units
from abate.store.evidence import (
    BY_CODE,
    BY_PATIENT,
    FINDS_NOTHING,
    WORKS,
    Evidence,
    capability_digest,
)

# The search parameters of each strategy.
_PARAMETERS = {"population": BY_CODE, "patient": BY_PATIENT}


def begin(pull: Pull, strategy: str, statement: Mapping[str, Any]) -> None:
    """Load what the store and an interrupted run know about the server's searches."""
    pull.evidence = Evidence(
        parameter=_PARAMETERS[strategy],
        capability=capability_digest(statement),
        kept=pull.kept.searches,
    )
    pull.evidence.recall(pull.landing)
    for query in pull.plan.queries:
        if pull.evidence.known(query.type) == FINDS_NOTHING:
            pull.fetcher.forms[query.type] = WITHOUT_CODE


def note_index(pull: Pull) -> None:
    """Note that the search by code works, if only the index procedures need it."""
    if not any(query.type == INDEX_TYPE for query in pull.plan.besides):
        note(pull, INDEX_TYPE, WORKS)


def land_by_code(pull: Pull, query: Query) -> bool:
    """Land the result of a search over all patients by code; return whether it found something.

    Nothing is landed if the type is known not to be found by code, or if the search is refused.

    Raises:
        IncompletePull: the query is for the index procedures, and the server does not find them
            by code. All other queries need the patients of these procedures.
        NothingFound: there are no index procedures.
    """
    if not pull.fetcher.form(query.type).has_code and query.name != INDEX:
        return False
    try:
        pull.land(query, [[part] for part in parts_of(pull, query)])
    except SearchRefused as fault:
        refuse_by_code(pull, query, fault)
        return False
    is_found = not pull.ledger.is_empty(query.name)
    if is_found and pull.evidence.parameter == BY_CODE:
        note(pull, query.type, WORKS)
    if pull.plan.has_index(query):
        _refuse_unfound(pull, query, is_found=is_found)
    return is_found


def refuse_by_code(pull: Pull, query: Query, fault: SearchRefused) -> None:
    """Switch to searches by patient, since the server refuses a search of all patients by code.

    Raises:
        IncompletePull: the query is for the index procedures, so the patients are not known.
    """
    if pull.plan.has_index(query):
        raise IncompletePull(f"{fault.reason} {NAME_PATIENTS}")
    pull.pager.warn(f"{fault.reason} The {query.name} are searched by patient instead.")
    pull.fetcher.forms[query.type] = WITHOUT_CODE


def _refuse_unfound(pull: Pull, query: Query, *, is_found: bool) -> None:
    """Stop if there are no index procedures, or the server does not find them by code."""
    if not is_found:
        pull.landing.drop_empty(query.name)
    if not is_found and by_any(pull, query, is_by_patient=False) == FINDS_NOTHING:
        raise unfound(query)
    pull.refuse_nothing()


def _note_if_found(pull: Pull, query: Query) -> bool:
    """Return whether a query by patient found something; if so, note that this search works."""
    if pull.ledger.is_empty(query.name):
        return False
    if pull.fetcher.form(query.type).has_code:
        note(pull, query.type, WORKS)
    else:
        keep_without_code(pull, query.type)
    return True


def land_by_patient(
    pull: Pull, query: Query, patients: Sequence[str], *, is_doubted: bool = False
) -> None:
    """Land the resources of the study's patients, in the query form that the server accepts.

    Args:
        pull: the pull.
        query: the query.
        patients: the ids of the study's patients.
        is_doubted: whether a search by code found nothing; the patients' resources are then
            requested only if that result cannot be trusted.

    Raises:
        IncompletePull: the server has resources of the type but finds none by patient.
    """
    if is_doubted and pull.fetcher.form(query.type).has_code:
        if judge(pull, query, patients) != FINDS_NOTHING:
            return
        ask_without_code(pull, query)
    pull.land(query, _by_patient(pull, query, patients))
    if _note_if_found(pull, query):
        return
    if judge(pull, query, patients) == FINDS_NOTHING:
        ask_without_code(pull, query)
        pull.land(query, _by_patient(pull, query, patients))


def _by_patient(pull: Pull, query: Query, patients: Sequence[str]) -> list[Asked]:
    """Return the units of a query by patient. A different query form makes a different unit."""
    asked = pull.fetcher.form(query.type).of(query)
    size = pull.patients_a_query
    by_patient = [asked.of(patients=piece) for piece in in_pieces(patients, size)]
    return in_units(by_patient, size)


def land_newcomers(pull: Pull, queries: Sequence[Query], people: Iterable[str]) -> list[Query]:
    """Land all resources of people who are new in the study.

    Each query also includes a patient who has resources of the type in the store. If the server
    does not find even these resources, it does not find the type by patient.

    Args:
        pull: the incremental pull.
        queries: the queries, each by code and patient.
        people: ids of Patients; those who were in the study before are skipped.

    Returns:
        The queries that the server does not answer by patient. Nothing was landed for them.
    """
    studied = pull.kept.people().studied
    new = [person for person in dict.fromkeys(people) if person not in studied]
    if not new:
        return []
    pull.log.info(f"{len(new)} patients are new in the study: pulling all of their resources")
    return [query for query in queries if not _land_newcomers_of(pull, query, new)]


def _land_newcomers_of(pull: Pull, query: Query, new: Sequence[str]) -> bool:
    known = pull.kept.one_with(query.type)
    before = pull.ledger.count_received(query.name)
    try:
        pull.land(query, _by_patient(pull, query, [*new, *known]), is_change=True)
    except (NotHonoured, SearchRefused):
        return False
    return not known or pull.ledger.count_received(query.name) > before


def ask_without_code(pull: Pull, query: Query) -> None:
    """Search the type by patient from now on, and filter its codes locally."""
    pull.fetcher.forms[query.type] = WITHOUT_CODE
    pull.pager.warn(
        f"the server finds no {query.type} by code, though it has some: the {query.name} are "
        "searched by patient without a code, and abate filters the codes itself"
    )
