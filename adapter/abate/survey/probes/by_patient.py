"""The search of strategy patient, for one patient's resources: whether it works, and how fast.

Most hospital servers allow nothing else. It is sent only by POST: an id in a URL is logged.
"""

from http import HTTPStatus
from math import ceil

from abate.fhir.bundle import matches
from abate.fhir.references import local_id
from abate.http.failures import NOT_OFFERED
from abate.http.response import Answer
from abate.source.query import Query
from abate.source.query_forms import USUAL, Form, other_forms
from abate.source.search.paging import is_refusal
from abate.survey.code_counts import SHAPED, join_codes
from abate.survey.context import Context, Probe, Verdict

WHAT = "search by patient"
MOST_PATIENTS = 3
PAGE = 200


def search(context: Context, query: Query) -> Answer:
    """Return the first page of a patient's resources, by POST."""
    return context.client.search_by_post(query.type, query.pairs, PAGE)


def _ask(context: Context) -> Verdict:
    """Search for some patients, one after the other, and measure the time."""
    patients = list(dict.fromkeys(context.patients))
    if not patients:
        return "not tried", "no resource that was read names a patient"
    for patient in patients[:: max(1, ceil(len(patients) / MOST_PATIENTS))]:
        for kind, tokens in _codes(context).items():
            query = Query(name=WHAT, type=kind, tokens=(tokens,), patients=(patient,))
            if refusal := _refuse(context, query):
                return refusal
    forms = "".join(f"; {kind} {form}" for kind, form in context.forms.items())
    return "yes", f'[source] strategy = "patient" can ask for it{forms}'


def _codes(context: Context) -> dict[str, str]:
    """Return the codes that a study searches for, by type, as a search value."""
    return {
        kind: join_codes(context.lists[name])
        for name, kind in SHAPED.items()
        if context.lists.get(name) and kind not in context.shut
    }


def _refuse(context: Context, query: Query) -> Verdict | None:
    """Return why the search cannot be used in any form; None if it can."""
    answer, form = _find_form(context, query)
    if answer.status in NOT_OFFERED:
        return "not tried", "abate sends no ids in URLs: see search by POST"
    if answer.status != HTTPStatus.OK:
        then = f'strategy = "patient" cannot ask for {query.type}s'
        return f"NO ({answer.status})", then
    if form != USUAL:
        context.forms[query.type] = form
    page = context.client.read_page(answer, PAGE, is_of_patient=True)
    rows = list(matches(page, query.type))
    base = context.client.server.base
    named = {local_id(head.subject_reference, "Patient", base) for head, _ in rows}
    if not named <= {None, *query.patients}:
        return (
            "NO",
            "each search also returns resources of other patients, which abate drops",
        )
    context.of_patients.setdefault(query.type, []).extend(rows)
    return None


def _find_form(context: Context, query: Query) -> tuple[Answer, Form]:
    """Return the answer to the first form that the server accepts, otherwise to the usual form."""
    known = context.forms.get(query.type, USUAL)
    first = search(context, known.of(query))
    if not _is_form_refused(first):
        return first, known
    for form in other_forms(query):
        answer = search(context, form.of(query))
        if not _is_form_refused(answer):
            return answer, form
    return first, known


def _is_form_refused(answer: Answer) -> bool:
    """Whether another form may help; if the server does not accept POST, no form does."""
    return is_refusal(answer.status) and answer.status not in NOT_OFFERED


BY_PATIENT = Probe(
    what=WHAT,
    group="pull",
    ask=_ask,
    unreadable='strategy = "patient" cannot be used: {error}',
)
