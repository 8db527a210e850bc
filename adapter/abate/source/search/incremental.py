"""Incremental pulls: fetch changed resources and detect deleted ones.

Changes are requested by `_lastUpdated`, with an overlap. This query never returns a resource that
was deleted or that lost its code. So the server's count is compared with the store's, and if they
differ, all ids and versions are compared. Patients are not searched by code; their deletions are
read from the history.

All of this relies on the server's clock. If the clock went back, changed resources may have dates
before the watermark; then everything is pulled.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import filterfalse

from abate.fhir.bundle import Head
from abate.fhir.client import FhirServer
from abate.fhir.references import local_id
from abate.fhir.versions import Version, differing, version_of
from abate.source.plan import PATIENTS
from abate.source.query import IDS_A_QUERY, Query, in_pieces, instant
from abate.source.search.by_code import (
    ask_without_code,
    land_by_code,
    land_by_patient,
    land_newcomers,
    refuse_by_code,
)
from abate.source.search.empty_answers import judge, note
from abate.source.search.id_comparison import (
    fetch,
    list_versions,
    refuse_empty,
    refuse_found,
    stale,
)
from abate.source.search.paging import CursorExpired, NotHonoured, SearchRefused
from abate.source.search.patients import TRIED_ALONE, land_patients
from abate.source.search.pull import Pull
from abate.source.search.uncounted import Take
from abate.store.evidence import FINDS_NOTHING, WORKS
from abate.store.landing import Record, Unit

# The prefix of the names of units that hold changes.
CHANGES = "changes-"


class ClockWentBack(Exception):
    """The server's clock went back: its time, or the date of a resource, is earlier than before."""


def refuse_clock_behind(server: FhirServer, since: datetime | None) -> None:
    """Compare the server's time with the time from which changes are requested.

    Raises:
        ClockWentBack: the server's time is earlier.
    """
    if since is not None and server.time is not None and server.time < since:
        raise ClockWentBack(
            f"the clock of {server.base} went back: it is {instant(server.time)} there, but "
            f"changes until {instant(since)} have already been pulled."
        )


def land_changes(pull: Pull, *, is_compared: bool) -> None:
    """Land the changes of each type since the watermark; compare all ids if requested.

    A type that is not found by code is pulled completely, by patient. The resources of people who
    are new in the study are searched by patient too; if the server does not find them by patient,
    the whole type is pulled again.

    Raises:
        ClockWentBack: the watermark cannot be relied on.
    """
    refuse_clock_behind(pull.pager.server, pull.kept.since)
    left = list(filterfalse(partial(_land_changes_of, pull, is_compared), pull.plan.queries))
    patients = _land_changed_patients(pull, is_compared=is_compared)
    for query in left:
        land_by_patient(pull, query, patients, is_doubted=True)
    changed = [query for query in pull.plan.queries if not pull.landing.is_whole(query.type)]
    people = [*pull.kept.people().index, *pull.index_patients(), *patients]
    for query in land_newcomers(pull, changed, people):
        pull.pager.warn(
            f"the server does not find {query.name} by patient: all of them are pulled again"
        )
        land_by_code(pull, query)


def _land_changes_of(pull: Pull, is_compared: bool, query: Query) -> bool:
    """Land the changes of a type; return False if it must be searched by patient."""
    if not pull.fetcher.form(query.type).has_code:
        return False
    name = f"{CHANGES}{query.type}"
    try:
        if not pull.landing.has(name):
            with pull.landing.unit(name) as unit:
                unit.record = _land_changes(pull, query, unit, is_compared=is_compared)
    except NotHonoured as fault:
        pull.pager.warn(f"{fault.reason} All of them are pulled again.")
        return land_by_code(pull, query)
    except SearchRefused as fault:
        refuse_by_code(pull, query, fault)
        return False
    record = pull.landing.records.get(name)
    if record is not None:
        pull.enter(query, record)
    return record is not None


def _land_changes(pull: Pull, query: Query, unit: Unit, *, is_compared: bool) -> Record | None:
    """Land the changes; return None if the server finds existing resources no longer by code."""
    ids: set[str] = set()
    here = pull.kept.versions(query.type)

    def take(head: Head, raw: bytes) -> None:
        ids.add(head.id)
        unit.write(query.type, raw)

    def take_change(head: Head, raw: bytes) -> None:
        _refuse_earlier(query, head, here)
        take(head, raw)

    asked = query.of(since=pull.kept.since, name=f"changed {query.name}")
    received = pull.fetcher.fetch(asked, take_change)
    total = pull.fetcher.count(query)
    if total or not received.is_empty:
        note(pull, query.type, WORKS)
    elif not _is_believed(pull, query, is_denied=total == 0 and bool(here)):
        return None
    gone: set[str] = set()
    is_listed = _is_listed(pull, query, total, here.keys() | ids, is_compared=is_compared)
    if is_listed:
        there = list_versions(pull, query, here)
        gone = here.keys() - there
        if total is None:
            refuse_found(pull, query, gone)
        changed = stale(query, there, here) if is_compared else differing(there, here)
        fetch(pull, query, (there.keys() - here | changed) - ids, take)
    return Record(
        query=query.name,
        type=query.type,
        expected=received.expected,
        received=len(ids),
        pages=received.pages,
        gone=tuple(sorted(gone - ids)),
        is_change=True,
        is_compared=is_listed,
        is_confirmed=received.is_confirmed and total is not None,
    )


def _refuse_earlier(query: Query, head: Head, here: Mapping[str, Version]) -> None:
    """Compare the date of a changed resource with its date in the store.

    Raises:
        ClockWentBack: the newer version has an earlier date.
    """
    if head.id in here and version_of(head).went_back(here[head.id]):
        raise ClockWentBack(
            f"the server's clock went back: of the {query.name}, a newer version has an earlier "
            "lastUpdated than the one before."
        )


def _is_listed(
    pull: Pull, query: Query, total: int | None, here: Collection[str], *, is_compared: bool
) -> bool:
    """Return whether to compare all ids: on request, or if the counts differ."""
    if total == 0:
        refuse_empty(pull, query, here)
    if total == len(here) and not is_compared:
        return False
    number = "an unknown number" if total is None else total
    pull.log.info(
        f"{query.name}: {number} on the server, {len(here)} in the store: "
        "comparing ids and versions"
    )
    return True


def _is_believed(pull: Pull, query: Query, *, is_denied: bool) -> bool:
    """Return whether an empty result, of a type or of its changes, can be trusted."""
    patients = list(dict.fromkeys([*pull.kept.people().index, *pull.index_patients()]))
    if judge(pull, query, patients, is_denied=is_denied) != FINDS_NOTHING:
        return True
    ask_without_code(pull, query)
    return False


def _land_changed_patients(pull: Pull, *, is_compared: bool) -> list[str]:
    """Land changed and deleted Patients of the study; return the ids of all its Patients."""
    there = set(pull.kept.people().records)
    needed = [*pull.kept.people().index, *pull.index_patients()]
    name = f"{CHANGES}Patient"
    if not pull.landing.has(name):
        with pull.landing.unit(name) as unit:
            unit.record = _land_patient_changes(pull, unit, there, needed, is_compared=is_compared)
    record = pull.landing.records[name]
    pull.enter(Query(name=PATIENTS, type="Patient"), record)
    left = there - set(record.gone)
    new = land_patients(pull, needed, known=left, survivors=sorted(left) if is_compared else ())
    return list(dict.fromkeys([*sorted(left), *new]))


def _land_patient_changes(
    pull: Pull, unit: Unit, there: set[str], needed: Sequence[str], *, is_compared: bool
) -> Record:
    landed: set[str] = set()
    known = there.union(needed)

    def take(head: Head, raw: bytes) -> None:
        is_ours = head.id in there or any(
            local_id(reference, "Patient", pull.base) in known
            for reference in head.links_of("replaced-by")
        )
        if is_ours and head.id not in landed:
            landed.add(head.id)
            unit.write("Patient", raw)

    if is_compared:
        pages, gone = _compare_patients(pull, there, take)
    elif pull.has_history:
        try:
            pages, gone = _from_history(pull, take)
        except (NotHonoured, CursorExpired) as fault:
            pull.pager.warn(f"{fault.reason} Each is asked for by its id.")
            pages, gone = _compare_patients(pull, there, take)
    else:
        pages, gone = _by_date(pull, there, take)
    return Record(
        query=PATIENTS,
        type="Patient",
        expected=None,
        received=len(landed),
        pages=pages,
        gone=tuple(sorted((gone & there) - landed)),
        is_change=True,
        is_compared=is_compared,
    )


def _by_date(pull: Pull, there: set[str], take: Take) -> tuple[int, set[str]]:
    """Fetch changed Patients; each by its id, if `_lastUpdated` does not work."""
    query = Query(name="changed patients", type="Patient", since=pull.kept.since)
    try:
        return pull.fetcher.fetch(query, take).pages, set()
    except NotHonoured as fault:
        pull.pager.warn(f"{fault.reason} Each is asked for by its id.")
        return _compare_patients(pull, there, take)


def _compare_patients(pull: Pull, there: set[str], take: Take) -> tuple[int, set[str]]:
    """Fetch each Patient by its id; return the number of pages and the ids not found."""
    versions: set[str] = set()
    pages = 0

    def note(head: Head, raw: bytes) -> None:
        versions.add(head.id)
        take(head, raw)

    def ask(ids: tuple[str, ...]) -> None:
        nonlocal pages
        query = Query(name=PATIENTS, type="Patient", ids=ids)
        pages += pull.fetcher.fetch(query, note).pages

    for piece in in_pieces(sorted(there), IDS_A_QUERY):
        ask(piece)
    absent = sorted(there - versions)
    for place, patient in enumerate(absent):
        # Some servers take no list of ids. If the first few are not found singly, they are deleted.
        if place == TRIED_ALONE and versions.isdisjoint(absent):
            break
        ask((patient,))
    return pages, there - versions


def _from_history(pull: Pull, take: Take) -> tuple[int, set[str]]:
    """Read the history since the watermark; return the number of pages and the deleted ids."""
    last: set[str] = set()
    gone: set[str] = set()
    pages = 0
    for page in pull.pager.history("Patient", pull.kept.since):
        pages += 1
        for identifier, version in page:
            if identifier in last:
                continue
            last.add(identifier)
            if version is None:
                gone.add(identifier)
            else:
                take(*version)
    return pages, gone
