"""A search for one patient's resources, as a pull patient by patient asks: heeded, and how fast.

Most hospital servers allow nothing else. It goes by POST only: an id in a URL is seen by others.
"""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

from abate.errors import SourceError
from abate.references import local_id
from abate.source.paging import NO_POST
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
    return _made("yes", '[source] strategy = "patient" can ask so')


def _some(patients: list[str]) -> list[str]:
    """A few, from the first to the last."""
    return patients[:: max(1, ceil(len(patients) / MOST))]


def _trouble(asker: Asker, patient: str, kind: str, tokens: str) -> Probe | None:
    """What is wrong with one search, if something is."""
    asked = [("patient", patient), ("code", tokens), ("_count", str(PAGE))]
    answer = asker.ask(lambda: asker.server.search(kind, asked, private=True))
    if answer.status in NO_POST:
        return _made("not tried", "an id does not go into a URL: see search by POST")
    if answer.status != HTTPStatus.OK:
        return _made(f"NO ({answer.status})", f'strategy = "patient" cannot ask for {kind}s')
    page = asker.measured(answer.decode(Page), PAGE, of_patient=True)
    named = [
        local_id(head.subject_reference, "Patient", asker.server.base)
        for head, _ in matches(page, kind)
    ]
    if any(one not in (None, patient) for one in named):
        return _made("NO", "others' come too: they are left out, and each search brings too many")
    return None


def _made(found: str, then: str) -> Probe:
    return Probe(what=WHAT, found=found, then=then)
