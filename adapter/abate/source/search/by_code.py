"""The types that are found by their codes: landed by code, or by patient where that does not do.

An empty answer is judged before it is believed: see `empty_answers`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from abate.errors import IncompletePull
from abate.fhir.types import INDEX_TYPE
from abate.source.plan import INDEX, SCORES
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
from abate.source.search.paging import NotHeeded, Refused
from abate.source.search.pull import Pull
from abate.store.evidence import BY_CODE, FINDS_NOTHING, WORKS, Evidence, capability_digest


def begin(pull: Pull, parameter: str, statement: Mapping[str, Any]) -> None:
    """Take over what is known of the server's searches, from the store and from a killed run."""
    pull.evidence = Evidence(
        parameter=parameter, capability=capability_digest(statement), kept=pull.kept.searches
    )
    pull.evidence.recall(pull.landing)
    for query in pull.plan.queries:
        if pull.evidence.known(query.type) == FINDS_NOTHING:
            pull.asker.forms[query.type] = WITHOUT_CODE


def land_index(pull: Pull) -> None:
    """Land the index procedures, once.

    Raises:
        IncompletePull: the server does not find them by code.
        NothingFound: there are none.
    """
    if not any(line.query == INDEX for line in pull.ledger.lines):
        land_by_code(pull, pull.plan.index)
    if not any(query.type == INDEX_TYPE for query in pull.plan.besides):
        note(pull, INDEX_TYPE, WORKS)


def land_population(pull: Pull) -> None:
    """All that the study's codes find, and the patients of the index procedures.

    A type that is not found by code is asked for by patient.
    """
    land_index(pull)
    left = [query for query in pull.plan.besides if not land_by_code(pull, query)]
    if not any(query.name == SCORES for query in left):
        pull.refuse_no_scores()
    patients = pull.patients(pull.index_patients())
    for query in left:
        land_doubted(pull, query, patients)
    pull.refuse_no_scores()


def land_doubted(pull: Pull, query: Query, patients: Sequence[str]) -> None:
    """Land by patient what is not found by code; nothing, where nothing is to be believed."""
    if pull.asker.form(query.type).has_code:
        if judge(pull, query, patients) != FINDS_NOTHING:
            return
        ask_without_code(pull, query)
    land_by_patient(pull, query, patients)


def land_by_code(pull: Pull, query: Query) -> bool:
    """Land what a search of all patients by code finds; whether it finds something.

    A type that is known not to be found so, or whose search is refused, is not landed.

    Raises:
        IncompletePull: these are the index procedures, by whose patients all else is asked for,
            and the server does not find them by code.
        NothingFound: there are no index procedures.
    """
    if not pull.asker.form(query.type).has_code and query.name != INDEX:
        return False
    try:
        pull.whole(query)
    except Refused as fault:
        refuse_by_code(pull, query, fault)
        return False
    is_found = not pull.ledger.is_empty(query.name)
    if is_found and pull.evidence.parameter == BY_CODE:
        note(pull, query.type, WORKS)
    if pull.plan.has_index(query):
        _refuse_unfound(pull, query, is_found=is_found)
    return is_found


def refuse_by_code(pull: Pull, query: Query, fault: Refused) -> None:
    """The server refuses a search of all patients by code: it is asked by patient from now on.

    Raises:
        IncompletePull: these are the index procedures: whose patients to ask for is not known.
    """
    if pull.plan.has_index(query):
        raise IncompletePull(f"{fault} {NAME_PATIENTS}")
    pull.asker.pager.warn(f"{fault} The {query.name} of the study's patients are asked for.")
    pull.asker.forms[query.type] = WITHOUT_CODE


def _refuse_unfound(pull: Pull, query: Query, *, is_found: bool) -> None:
    """Stop where there are no index procedures, or the server does not find them by code."""
    if not is_found:
        pull.landing.drop_empty(query.name)
    if not is_found and by_any(pull, query, is_by_patient=False) == FINDS_NOTHING:
        raise unfound(query)
    pull.refuse_nothing()


def _note_if_found(pull: Pull, query: Query) -> bool:
    """Whether the server sent something for a query by patient: its search is known to find."""
    if pull.ledger.is_empty(query.name):
        return False
    if pull.asker.form(query.type).has_code:
        note(pull, query.type, WORKS)
    else:
        keep_without_code(pull, query.type)
    return True


def land_by_patient(pull: Pull, query: Query, patients: Sequence[str]) -> None:
    """Land what the study's patients have, in the form that the server takes.

    Raises:
        IncompletePull: the server has resources of the type, and finds none by patient.
    """
    _land_each(pull, query, patients)
    if _note_if_found(pull, query):
        return
    if judge(pull, query, patients) == FINDS_NOTHING:
        ask_without_code(pull, query)
        _land_each(pull, query, patients)


def _land_each(
    pull: Pull, query: Query, patients: Sequence[str], *, is_change: bool = False
) -> None:
    """Land each patient's; in another form it is another question, and lands as another unit."""
    asked = pull.asker.form(query.type).of(query)
    pieces = in_pieces(patients, pull.patients_a_query)
    pull.each(
        query,
        [asked.of(patients=some) for some in pieces],
        pull.patients_a_query,
        is_change=is_change,
    )


def land_newcomers(pull: Pull, queries: Sequence[Query], people: Iterable[str]) -> list[Query]:
    """Land all that people who are new in the study have: the store has ids and versions of it.

    They are asked for together with a patient who has resources of the type in the store. Where not
    even these are found, the server does not find the type by patient.

    Args:
        pull: the pull of what changed.
        queries: what is asked for, each by code and patient.
        people: ids of Patients; those who were in the study before are passed over.

    Returns:
        The queries that the server does not answer by patient: nothing of them has landed.
    """
    studied = pull.kept.people().studied
    new = [one for one in dict.fromkeys(people) if one not in studied]
    if not new:
        return []
    pull.log.info(f"{len(new)} patients are new in the study: all that they have is asked for")
    return [query for query in queries if not _land_newcomers_of(pull, query, new)]


def _land_newcomers_of(pull: Pull, query: Query, new: Sequence[str]) -> bool:
    known = pull.kept.one_with(query.type)
    before = pull.ledger.received(query.name)
    try:
        _land_each(pull, query, [*new, *known], is_change=True)
    except (NotHeeded, Refused):
        return False
    return not known or pull.ledger.received(query.name) > before


def ask_without_code(pull: Pull, query: Query) -> None:
    """From now on the type is asked for by patient, and its codes are looked for here."""
    pull.asker.forms[query.type] = WITHOUT_CODE
    pull.asker.pager.warn(
        f"the server finds no {query.type} by code, though it has some: the {query.name} of the "
        "study's patients are asked for without a code, and the codes are looked for here"
    )
