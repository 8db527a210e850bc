"""May we read: each type that a pull needs is searched, and one resource of it is read by its id.

A CapabilityStatement is open to all on most servers, and tells nothing of a login's rights. The id
of what is read stands in the URL, as a read wants it: it goes to the server, and nowhere else.
"""

from functools import partial
from http import HTTPStatus

from abate.errors import LoginRefused, SourceError
from abate.fhir.bundle import head_of, matches
from abate.fhir.types import CODED_NAMES, INDEX_TYPE, OPTIONAL_TO_READ, READ_NAMES
from abate.http.failures import LOGIN_WANTED
from abate.survey.budgeted_client import Spent
from abate.survey.context import Context, Probe, Verdict

# What a search by code was found to be, and what a run does about it.
_STATES = {
    "works": ("yes", "a pull asks by system|code"),
    "untried": ("not tried", "there was no code to try it with"),
    "bare-only": ("NO", "only the bare code is found: a pull asks by it, whole and every night"),
    "finds-nothing": ("NO", "a code that exists is not found: {}"),
    "ignored": ("NO", "a code that cannot exist finds some: a run pulls everything and stops"),
    "refused": ("NO", "not over the whole server: {}"),
}


def _read(kind: str, context: Context) -> Verdict:
    """Search the type and read one; what is shut, and whom it names, is noted."""
    answer = context.client.get(kind, {"_count": "1"})
    if answer.status in LOGIN_WANTED:
        context.shut[kind] = answer.status
        without = "a study can do without it" if kind in OPTIONAL_TO_READ else "a pull ends here"
        then = f"not even a search is allowed: {without}; ask for the right"
        return f"NO ({answer.status})", then
    key = ""
    if answer.status == HTTPStatus.OK:
        page = context.client.read_page(answer, asked=1)
        if first := next(matches(page, kind), None):
            head, _ = first
            context.add_patient(head.subject)
            context.codings[kind], key = head.codings, head.id
    if kind == "Patient":
        # Oracle Health searches the others by patient only (2026): none of them names one.
        context.patients = context.patients or ([key] if key else [])
        key = key or next(iter(context.patients), "")
    if key:
        return _read_by_id(kind, key, context)
    if answer.status != HTTPStatus.OK:
        return "not tried", (
            f"a search for any is refused ({answer.status}): see the search by code"
        )
    return "not tried", "there is none"


def _read_by_id(kind: str, key: str, context: Context) -> Verdict:
    """A pull only searches: a read that fails does not end it."""
    status, is_same = 0, False
    try:
        answer = context.client.get(f"{kind}/{key}")
        status = answer.status
        if status == HTTPStatus.OK:
            head = head_of(answer.body)
            is_same = (head.resourceType, head.id) == (kind, key)
    except Spent:
        raise
    except LoginRefused:
        status = HTTPStatus.UNAUTHORIZED
    except SourceError:
        status = 0
    if is_same:
        return "yes", "searched, and read by its id"
    then = "found by a search, but not read by its id: a pull only searches, and does not need it"
    if status in LOGIN_WANTED:
        then += "; the login lacks the right to read"
    return f"NO ({status:d})" if status not in (0, HTTPStatus.OK) else "NO", then


def without_code(kind: str) -> str:
    """What a run does about a type that is not found by code."""
    if kind == INDEX_TYPE:
        return "[source] patients says whose are asked for without a code; or an export may help"
    return "a run asks for those of its patients without a code, and looks for the codes itself"


def _judge_search(kind: str, context: Context) -> Verdict | None:
    """What is known of the search by code."""
    search = context.searches.get(kind)
    if search is None:
        return None
    finding, then = _STATES[search.state]
    if search.state == "untried" and kind in OPTIONAL_TO_READ:
        then += ": if a run finds none either, what depends on it is not assessable"
    return finding, then.format(without_code(kind))


READ = tuple(
    Probe(
        what=f"read {'an' if kind[0] in 'AEIO' else 'a'} {kind}",
        group="read",
        ask=partial(_read, kind),
        unreadable="a search brings no searchset: {error}",
        passes=(LoginRefused,),
    )
    # Patients last: the others name one, which is what a pull goes by.
    for kind in sorted(READ_NAMES, key=lambda kind: kind not in CODED_NAMES)
)
BY_CODE = tuple(
    Probe(what=f"{kind} by code", group="read", ask=partial(_judge_search, kind))
    for kind in CODED_NAMES
)
