"""Whether an empty answer to a search by code can be trusted.

An empty answer is trusted only if the same search is known to find existing resources. The checks,
cheapest first: earlier results of the search; a search for a resource of the type by its own code;
a search for the resources of the study's patients without a code.
"""

from collections.abc import Sequence
from random import Random

from abate.errors import IncompletePull
from abate.fhir.bundle import Head
from abate.fhir.references import local_id
from abate.source.query import Query, bare, has_code, in_pieces, token
from abate.source.search.paging import SearchRefused, incomplete
from abate.source.search.pull import Pull
from abate.store.evidence import (
    BY_CODE,
    BY_PATIENT,
    FINDS_NOTHING,
    OPEN,
    WORKS,
    State,
)

# How many resources of a type are sampled, and how many of them are searched by their own codes.
SAMPLED = 20
TRIED = 3
# For how many of the study's patients resources are searched without a code.
PATIENTS = 50
SEED = 20100831

NAME_PATIENTS = (
    "List the study's patients, so that abate can search by patient: [source] patients = "
    '["Group/ID"], or ids, or identifiers.'
)


def unfound(query: Query) -> IncompletePull:
    """Return the error for index procedures that no search by code finds."""
    words = "the server has some, but finds none by code"
    return IncompletePull(f"{incomplete(query, None, words)} {NAME_PATIENTS}")


def note(pull: Pull, kind: str, state: State) -> None:
    """Note the state of a type, for this pull and later ones."""
    pull.evidence.note(kind, state)
    pull.evidence.remember(pull.landing)


def keep(pull: Pull, kind: str) -> None:
    """Keep the known state of a type, with its day."""
    pull.evidence.keep(kind)
    pull.evidence.remember(pull.landing)


def keep_without_code(pull: Pull, kind: str) -> None:
    """Keep the state of a type if it is known not to be found by code."""
    if pull.evidence.known(kind) == FINDS_NOTHING:
        keep(pull, kind)


def judge(
    pull: Pull, query: Query, patients: Sequence[str], *, is_denied: bool | None = None
) -> State:
    """Decide what an empty search result means, and note it.

    An earlier decision is reused, unless the answer contradicts resources in the store. The empty
    units are dropped, so that a later run sends the query again.

    Args:
        pull: the pull.
        query: the query with the empty result.
        patients: the study's patients.
        is_denied: whether the answer contradicts the store; by default, if the store has such
            resources.

    Raises:
        IncompletePull: the server has resources of the type but finds none by patient; or it has
            index procedures but finds none by code.
    """
    pull.landing.drop_empty(query.name)
    if is_denied is None:
        is_denied = query.type in pull.kept.held
    known = None if is_denied else pull.evidence.known(query.type)
    if known == WORKS and pull.fetcher.form(query.type).has_code:
        keep(pull, query.type)
        return WORKS
    state = by_any(pull, query, is_by_patient=_is_by_patient(pull, query))
    if state is None and known == OPEN:
        keep(pull, query.type)
        _warn_of_open(pull, query)
        return OPEN
    if state is None:
        state = _by_patients(pull, query, patients)
    if state == FINDS_NOTHING and _is_population(pull, query):
        raise unfound(query)
    if state == WORKS and not pull.fetcher.form(query.type).has_code:
        keep_without_code(pull, query.type)
        return WORKS
    note(pull, query.type, state)
    if state == OPEN:
        _warn_of_open(pull, query)
    return state


def _warn_of_open(pull: Pull, query: Query) -> None:
    pull.pager.warn(
        f"no search finds any {query.type} on the server: it is not known whether there are "
        f"{query.name}, and everything that depends on them is not assessable"
    )


def _is_population(pull: Pull, query: Query) -> bool:
    """Return whether this search yields the patients to ask for, so that it has no substitute."""
    return pull.plan.has_index(query) and pull.evidence.parameter == BY_CODE


def _is_by_patient(pull: Pull, query: Query) -> bool:
    """Return whether the type is searched by patient, with or without a code."""
    return pull.evidence.parameter == BY_PATIENT or not pull.fetcher.form(query.type).has_code


def by_any(pull: Pull, query: Query, *, is_by_patient: bool) -> State | None:
    """Decide by resources of the type of any patient; None if there are none."""
    asked = Query(name=f"any {query.name}", type=query.type, extra=query.extra)
    heads = [head for head in pull.pager.sample(asked, SAMPLED) if head.codings]
    if is_by_patient:
        heads = [head for head in heads if _patient(pull, head)]
    if not heads:
        return None
    tried = _differing(heads)
    is_by_code = pull.fetcher.form(query.type).has_code
    if is_by_code and any(_finds_by_code(pull, query, head, is_by_patient) for head in tried):
        return WORKS
    if is_by_patient and not any(_finds_by_patient(pull, query, head) for head in tried):
        words = "the server has some, but finds none by patient, with or without a code"
        raise incomplete(query, None, words)
    return FINDS_NOTHING if is_by_code else WORKS


def _differing(heads: Sequence[Head]) -> list[Head]:
    """Return a few resources with different codes."""
    by_code = {head.codings[0]: head for head in reversed(heads)}
    return list(by_code.values())[-TRIED:]


def _patient(pull: Pull, head: Head) -> str | None:
    return local_id(head.subject_reference, "Patient", pull.base)


def _finds_by_code(pull: Pull, query: Query, head: Head, is_by_patient: bool) -> bool:
    """Return whether the search finds a resource by its own code (with or without system)."""
    patient = _patient(pull, head) if is_by_patient else None
    whose = (patient,) if patient else ()
    with_system = token(*head.codings[0])
    for code in dict.fromkeys((with_system, bare(with_system))):
        asked = query.of(name=f"any {query.name}", tokens=(code,), patients=whose)
        if any(has_code(each, (code,)) for each in _sample(pull, asked)):
            return True
    return False


def _finds_by_patient(pull: Pull, query: Query, head: Head) -> bool:
    patient = _patient(pull, head)
    if patient is None:
        return False
    asked = Query(name=f"any {query.name}", type=query.type, patients=(patient,), extra=query.extra)
    return bool(_sample(pull, asked))


def _sample(pull: Pull, query: Query) -> list[Head]:
    """Return the first resources of a search, in the query form that the server accepts."""
    asked = pull.fetcher.form(query.type).of(query) if query.patients else query
    return pull.pager.sample(asked, SAMPLED)


def _by_patients(pull: Pull, query: Query, patients: Sequence[str]) -> State:
    """Decide by a search for the study's patients without a code."""
    heads: list[Head] = []

    def take(head: Head, _: bytes) -> None:
        heads.append(head)

    for piece in in_pieces(_chosen(patients), pull.patients_a_query):
        asked = Query(name=f"any {query.name}", type=query.type, patients=piece, extra=query.extra)
        try:
            pull.fetcher.fetch(asked, take)
        except SearchRefused:
            return OPEN
    if not heads:
        return OPEN
    if not pull.fetcher.form(query.type).has_code:
        return WORKS
    if any(has_code(head, query.tokens) for head in heads):
        return FINDS_NOTHING
    coded = _differing([head for head in heads if head.codings])
    is_by_patient = _is_by_patient(pull, query)
    if coded and not any(_finds_by_code(pull, query, head, is_by_patient) for head in coded):
        return FINDS_NOTHING
    return WORKS


def _chosen(patients: Sequence[str]) -> list[str]:
    """Return all patients; of more than `PATIENTS`, the same sample each time."""
    if len(patients) <= PATIENTS:
        return list(patients)
    return Random(SEED).sample(sorted(patients), PATIENTS)  # noqa: S311 - not used for secrets
