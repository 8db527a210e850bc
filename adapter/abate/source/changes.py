"""The nights after the first: only what changed, and what has gone.

What changed is asked for by `_lastUpdated`, with an overlap. A resource that was deleted, or that
no longer has one of the codes, never shows there: so the server's count is held against the
store's, and where they differ all ids are compared. Of Patients, which have no code, the history
tells.
"""

from collections.abc import Sequence

from abate.landing import Record, Unit
from abate.references import local_id
from abate.source.compared import fetch, listed, refuse_empty, refuse_found
from abate.source.paging import Expired, NotHeeded
from abate.source.plan import PATIENTS
from abate.source.pull import TRIED_ALONE, Pull
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.searchset import Head
from abate.source.settling import Take


def land_changes(pull: Pull, *, is_compared: bool) -> None:
    """Land what changed since the watermark, of each type; compare all ids where that is asked."""
    for query in pull.plan.queries:
        try:
            _changed(pull, query, is_compared=is_compared)
        except NotHeeded as fault:
            pull.asker.pager.warn(f"{fault} All of them are pulled again.")
            pull.whole(query)
    _changed_patients(pull, is_compared=is_compared)


def _changed(pull: Pull, query: Query, *, is_compared: bool) -> None:
    name = f"changes-{query.type}"
    if not pull.landing.has(name):
        with pull.landing.unit(name) as unit:
            unit.record = _landed(pull, query, unit, is_compared=is_compared)
    record = pull.landing.records[name]
    pull.enter(query, record)


def _landed(pull: Pull, query: Query, unit: Unit, *, is_compared: bool) -> Record:
    ids: dict[str, None] = {}

    def take(head: Head, raw: bytes) -> None:
        ids[head.id] = None
        unit.write(query.type, raw)

    since = pull.kept.since
    brought = pull.asker.bring(query.of(since=since, name=f"changed {query.name}"), take)
    there = pull.kept.ids(query.type)
    total = pull.asker.count(query)
    if total == 0:
        refuse_empty(pull, query, there)
    gone: set[str] = set()
    if is_compared or total != len(there | ids.keys()):
        found = "an unknown number" if total is None else total
        pull.say(
            f"{query.name}: {found} on the server, {len(there | ids.keys())} here: comparing ids"
        )
        now = listed(pull, query, there)
        gone = there - now
        if total is None:
            refuse_found(pull, query, gone)
        fetch(pull, query, now - there - ids.keys(), take)
    return Record(
        query=query.name,
        type=query.type,
        expected=brought.expected,
        received=len(ids),
        pages=brought.pages,
        gone=tuple(sorted(gone - ids.keys())),
        is_change=True,
        is_confirmed=brought.is_confirmed and total is not None,
    )


def _changed_patients(pull: Pull, *, is_compared: bool) -> None:
    """The Patients that changed or have gone, of those that the study needs; and new ones."""
    there = pull.kept.ids("Patient")
    needed = [*pull.kept.index_patients(), *pull.index_patients()]
    name = "changes-Patient"
    if not pull.landing.has(name):
        with pull.landing.unit(name) as unit:
            unit.record = _landed_patients(pull, unit, there, needed, is_compared=is_compared)
    record = pull.landing.records[name]
    pull.enter(Query(name=PATIENTS, type="Patient"), record)
    left = there - set(record.gone)
    pull.patients(needed, known=left, survivors=sorted(left) if is_compared else ())


def _landed_patients(
    pull: Pull, unit: Unit, there: set[str], needed: Sequence[str], *, is_compared: bool
) -> Record:
    landed: set[str] = set()
    known = there.union(needed)

    def take(head: Head, raw: bytes) -> None:
        is_ours = head.id in there or any(
            local_id(one, "Patient", pull.base) in known for one in head.linked("replaced-by")
        )
        if is_ours and head.id not in landed:
            landed.add(head.id)
            unit.write("Patient", raw)

    if is_compared:
        pages, gone = _compared(pull, there, take)
    elif "history-type" in pull.interactions.get("Patient", ()):
        try:
            pages, gone = _from_history(pull, take)
        except (NotHeeded, Expired) as fault:
            pull.asker.pager.warn(f"{fault} Each is asked for by its id.")
            pages, gone = _compared(pull, there, take)
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
    )


def _by_date(pull: Pull, there: set[str], take: Take) -> tuple[int, set[str]]:
    """The Patients that changed; each by its id, where `_lastUpdated` finds nothing."""
    query = Query(name="changed patients", type="Patient", since=pull.kept.since)
    try:
        return pull.asker.bring(query, take).pages, set()
    except NotHeeded as fault:
        pull.asker.pager.warn(f"{fault} Each is asked for by its id.")
        return _compared(pull, there, take)


def _compared(pull: Pull, there: set[str], take: Take) -> tuple[int, set[str]]:
    """Ask for each Patient by its id: on how many pages they came, and who did not."""
    found: set[str] = set()
    pages = 0

    def note(head: Head, raw: bytes) -> None:
        found.add(head.id)
        take(head, raw)

    def ask(ids: tuple[str, ...]) -> None:
        nonlocal pages
        query = Query(name=PATIENTS, type="Patient", ids=ids)
        pages += pull.asker.bring(query, note).pages

    for some in in_pieces(sorted(there), IDS_A_QUERY):
        ask(some)
    absent = sorted(there - found)
    for place, one in enumerate(absent):
        # Some servers take no list; where the first few do not come alone either, they have gone.
        if place == TRIED_ALONE and found.isdisjoint(absent):
            break
        ask((one,))
    return pages, there - found


def _from_history(pull: Pull, take: Take) -> tuple[int, set[str]]:
    """The versions of all Patients since the watermark: on how many pages, and who was deleted."""
    last: set[str] = set()
    gone: set[str] = set()
    pages = 0
    for page in pull.asker.pager.history("Patient", pull.kept.since):
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
