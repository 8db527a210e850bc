"""A search for one patient's resources, as a pull patient by patient asks: heeded, and how fast.

Most hospital servers allow nothing else. It goes by POST only: an id in a URL is seen by others.
"""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

from abate.errors import SourceError
from abate.references import local_id
from abate.source.failures import NOT_OFFERED
from abate.source.forms import USUAL, other_forms
from abate.source.http import Answer
from abate.source.paging import is_refusal
from abate.source.query import Query
from abate.source.searchset import Page, matches
from abate.survey.asking import Asker, Spent
from abate.survey.found import Probe

WHAT = "search by patient"
MOST = 3
PAGE = 200


def probe(asker: Asker, codes: Mapping[str, str]) -> Probe:
    """Ask for some patients; what it takes is measured.

    Args:
        asker: asks, and knows some patients.
        codes: by type, the search value for its codes.
    """
    patients = _some(list(dict.fromkeys(asker.patients)))
    if not patients:
        return _made("not tried", "nothing that was read names a patient")
    try:
        for patient in patients:
            for kind, tokens in codes.items():
                if trouble := _trouble(asker, patient, kind, tokens):
                    return trouble
    except Spent:
        raise
    except SourceError as error:
        return _made("NO", f'strategy = "patient" cannot be: {error}')
    forms = "".join(f"; {kind} {form}" for kind, form in asker.forms.items())
    return _made("yes", f'[source] strategy = "patient" can ask so{forms}')


def _some(patients: list[str]) -> list[str]:
    """A few, from the first to the last."""
    return patients[:: max(1, ceil(len(patients) / MOST))]


def _trouble(asker: Asker, patient: str, kind: str, tokens: str) -> Probe | None:
    """What is wrong with one search, in all forms, if something is."""
    answer = _answer(asker, Query(name=WHAT, type=kind, tokens=(tokens,), patients=(patient,)))
    if answer.status in NOT_OFFERED:
        return _made("not tried", "an id does not go into a URL: see search by POST")
    if answer.status != HTTPStatus.OK:
        return _made(f"NO ({answer.status})", f'strategy = "patient" cannot ask for {kind}s')
    page = asker.measured(answer.decode(Page), PAGE, of_patient=True)
    rows = list(matches(page, kind))
    named = [local_id(head.subject_reference, "Patient", asker.server.base) for head, _ in rows]
    if any(one not in (None, patient) for one in named):
        return _made("NO", "others' come too: they are left out, and each search brings too many")
    asker.of_patients[kind] = [*asker.of_patients.get(kind, ()), *rows]
    return None


def _answer(asker: Asker, query: Query) -> Answer:
    """What the server answers, in the form that it takes; it is noted where it is not the usual."""
    known = asker.forms.get(query.type, USUAL)
    first = search(asker, known.of(query))
    if answer := _taken(first):
        return answer
    for form in other_forms(query):
        if answer := _taken(search(asker, form.of(query))):
            asker.forms[query.type] = form
            return answer
    return first


def _taken(answer: Answer) -> Answer | None:
    """The answer, unless it refuses the form; where no POST is taken, another one does not help."""
    is_form_refused = is_refusal(answer.status) and answer.status not in NOT_OFFERED
    return None if is_form_refused else answer


def search(asker: Asker, query: Query) -> Answer:
    """Ask for the first page of what a patient has, by POST."""
    asked = [*query.pairs, ("_count", str(PAGE))]
    return asker.ask(lambda: asker.server.search(query.type, asked, private=True))


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
