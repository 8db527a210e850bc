"""May we read: each type that a pull needs is searched, and one resource of it read by its id.

A CapabilityStatement is open to all on most servers, and tells nothing of a login's rights. The id
of what is read stands in the URL, as a read wants it: it goes to the server, and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from abate.errors import LoginRefused, SourceError
from abate.resource_types import CODED_NAMES, OPTIONAL_TO_READ, READ_NAMES
from abate.source.searchset import Head, Page, head_of, matches
from abate.survey.asking import SHUT, Asker, Spent
from abate.survey.found import Probe

# Patients last: the others name one, which is what a pull goes by.
ORDER = sorted(READ_NAMES, key=lambda kind: kind not in CODED_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What came of one request: its status, or why there was none, and the resource in it."""

    status: int
    head: Head | None = None
    trouble: str = ""


def probes(asker: Asker) -> Iterator[Probe]:
    """One for each type; what is shut, and whom they name, is noted in `asker`."""
    made = {}
    for kind in ORDER:
        search = _searched(asker, kind)
        if search.head is not None:
            asker.name(search.head.subject)
            asker.codings[kind] = search.head.codings
        known = search.head.id if search.head else None
        if kind == "Patient":
            # Oracle Health searches the others by patient only (2026): none of them names one.
            asker.patients = asker.patients or ([known] if known else [])
            known = known or next(iter(asker.patients), None)
        made[kind] = _probe(asker, kind, search, known)
    yield from (made[kind] for kind in READ_NAMES)


def _probe(asker: Asker, kind: str, search: _Tried, known: str | None) -> Probe:
    what = name(kind)
    if search.status in SHUT:
        asker.shut[kind] = search.status
        without = "a study can do without" if kind in OPTIONAL_TO_READ else "a pull ends here"
        then = f"not even a search is allowed: {without}; ask for the right"
        return Probe(what=what, found=f"NO ({search.status})", then=then)
    if search.trouble:
        return Probe(what=what, found="NO", then=f"a search brings no searchset: {search.trouble}")
    if known is None:
        then = "there is none"
        if search.status != HTTPStatus.OK:
            then = f"a search for any is refused ({search.status}): see the search by code"
        return Probe(what=what, found="not tried", then=then)
    return _read(asker, kind, known)


def _read(asker: Asker, kind: str, known: str) -> Probe:
    """A pull only searches: a read that fails is told, and does not end it."""
    read = _tried(asker, kind, f"{kind}/{known}")
    if read.head is not None and (read.head.resourceType, read.head.id) == (kind, known):
        return Probe(what=name(kind), found="yes", then="searched, and read by its id")
    status = f" ({read.status})" if read.status not in (0, HTTPStatus.OK) else ""
    then = "found by a search, and not read by its id: a pull only searches, and can do without"
    if read.status in SHUT:
        then = f"{then}; the login lacks the right to read"
    return Probe(what=name(kind), found=f"NO{status}", then=then)


def name(kind: str) -> str:
    """The name of a row: `read a Patient`."""
    return f"read {'an' if kind[0] in 'AEIO' else 'a'} {kind}"


def _searched(asker: Asker, kind: str) -> _Tried:
    """The first resource that a search for any brings."""
    try:
        answer = asker.ask(lambda: asker.server.get(kind, {"_count": "1"}))
        if answer.status != HTTPStatus.OK:
            return _Tried(status=answer.status)
        page = asker.measured(answer.decode(Page), asked=1)
        first = next(matches(page, kind), None)
    except (Spent, LoginRefused):
        raise
    except SourceError as error:
        return _Tried(status=0, trouble=str(error))
    return _Tried(status=answer.status, head=first[0] if first else None)


def _tried(asker: Asker, kind: str, path: str) -> _Tried:
    try:
        answer = asker.ask(lambda: asker.server.read(path))
        head = head_of(answer.body) if answer.status == HTTPStatus.OK else None
    except Spent:
        raise
    except LoginRefused:
        return _Tried(status=HTTPStatus.UNAUTHORIZED)
    except SourceError:
        return _Tried(status=0, trouble=f"no {kind} that can be read")
    return _Tried(status=answer.status, head=head)
