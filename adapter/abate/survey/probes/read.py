"""The right to read: search each type that a pull needs, and read one resource of it by its id.

A CapabilityStatement is public on most servers, and does not show the rights of a login. The id
of the read resource is in the URL, as a read requires: it is sent only to the server.
"""

from functools import partial
from http import HTTPStatus

from abate.errors import LoginRefused, SourceError
from abate.fhir.bundle import head_of, matches
from abate.fhir.types import CODED_NAMES, INDEX_TYPE, OPTIONAL_TO_READ, READ_NAMES
from abate.http.failures import LOGIN_WANTED
from abate.survey.budgeted_client import Spent
from abate.survey.context import Context, Probe, Verdict

# The state of a search by code, and what a run does about it.
_STATES = {
    "works": ("yes", "a pull searches by system|code"),
    "untried": ("not tried", "no code was available to try it"),
    "bare-only": (
        "NO",
        "only the bare code is found: each pull searches by it, for all resources",
    ),
    "finds-nothing": ("NO", "a code that exists is not found: {}"),
    "ignored": ("NO", "a code that cannot exist finds resources: a run pulls everything and stops"),
    "refused": ("NO", "not over the whole server: {}"),
}


def _read(kind: str, context: Context) -> Verdict:
    """Search the type and read one resource; note a refusal, and the patient that it names."""
    answer = context.client.get(kind, {"_count": "1"})
    if answer.status in LOGIN_WANTED:
        context.shut[kind] = answer.status
        without = "it is optional for a study" if kind in OPTIONAL_TO_READ else "a pull stops here"
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
        # Oracle Health searches the other types only by patient (2026), and this search names none.
        context.patients = context.patients or ([key] if key else [])
        key = key or next(iter(context.patients), "")
    if key:
        return _read_by_id(kind, key, context)
    if answer.status != HTTPStatus.OK:
        return "not tried", (
            f"a search without a code is refused ({answer.status}): see the search by code"
        )
    return "not tried", "the server has none"


def _read_by_id(kind: str, key: str, context: Context) -> Verdict:
    """Read one resource by its id. A pull only searches: a failed read does not stop it."""
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
    """Return what a run does about a type that is not found by code."""
    if kind == INDEX_TYPE:
        return (
            "[source] patients names the patients to search without a code; or an export may help"
        )
    return "a run pulls those of its patients without a code, and selects the codes itself"


def _judge_search(kind: str, context: Context) -> Verdict | None:
    """Judge the search by code."""
    search = context.searches.get(kind)
    if search is None:
        return None
    finding, then = _STATES[search.state]
    if search.state == "untried" and kind in OPTIONAL_TO_READ:
        then += ": if a run finds none either, items that depend on it are not assessable"
    return finding, then.format(without_code(kind))


READ = tuple(
    Probe(
        what=f"read {'an' if kind[0] in 'AEIO' else 'a'} {kind}",
        group="read",
        ask=partial(_read, kind),
        unreadable="the answer to a search is not a searchset: {error}",
        passes=(LoginRefused,),
    )
    # Patients last: the other types name a patient, whom a pull searches for.
    for kind in sorted(READ_NAMES, key=lambda kind: kind not in CODED_NAMES)
)
BY_CODE = tuple(
    Probe(what=f"{kind} by code", group="read", ask=partial(_judge_search, kind))
    for kind in CODED_NAMES
)
