"""Land the Patients of a study, and all Patients merged with them."""

from collections.abc import Iterable, Iterator, Sequence

from abate.fhir.references import local_id
from abate.source.plan import PATIENTS
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.required_data import heads
from abate.source.search.paging import NotHonoured
from abate.source.search.pull import Pull, in_units

# How many ids that a list query missed are tried singly, to learn whether the server takes lists.
TRIED_ALONE = 3

_QUERY = Query(name=PATIENTS, type="Patient")


def land_patients(
    pull: Pull, wanted: Iterable[str], known: Iterable[str] = (), survivors: Iterable[str] = ()
) -> list[str]:
    """Land the Patients with these ids, and those merged with them; return all their ids.

    Only the record of the Patient who was merged away may name the surviving Patient. So the
    server is also asked for the Patients that link to each Patient.

    Args:
        pull: the pull.
        wanted: the ids of the Patients.
        known: ids that are already in the store and need not be fetched.
        survivors: known ids that may have merged Patients which the store does not have.
    """
    wanted, there, asked = list(wanted), set(known), list[str]()
    new = [*survivors, *_list_landed(pull, there)]
    while new or (missing := _missing(pull, wanted, there)):
        if not new:
            by_list = [_QUERY.of(ids=piece) for piece in in_pieces(missing, IDS_A_QUERY)]
            pull.land(_QUERY, in_units(by_list, IDS_A_QUERY))
            _land_one_by_one(pull, missing)
            new = missing
        asked += new
        there.update(new)
        linked = [_QUERY.of(linked=piece) for piece in in_pieces(new, IDS_A_QUERY)]
        try:
            if pull.takes_link:
                pull.land(_QUERY, in_units(linked, IDS_A_QUERY))
        except NotHonoured as fault:
            pull.takes_link = False
            pull.pager.warn(
                f"{fault.reason} Merged Patients are found only if the surviving Patient's record "
                "links to them."
            )
        new = _list_landed(pull, there)
    return asked


def _missing(pull: Pull, wanted: Sequence[str], there: set[str]) -> list[str]:
    """Return the ids that are wanted, or linked by landed Patients, and not in `there`."""
    linked = (other for _, other in _merges(pull))
    return [patient for patient in dict.fromkeys([*wanted, *linked]) if patient not in there]


def _land_one_by_one(pull: Pull, wanted: Sequence[str]) -> None:
    """Fetch singly the ids that a list query missed: some servers accept no list."""
    landed = set(_list_landed(pull, ()))
    absent = [patient for patient in wanted if patient not in landed]
    if len(wanted) == 1 or not absent:
        return
    alone = [_QUERY.of(ids=(patient,)) for patient in absent]
    pull.land(_QUERY, in_units(alone[:TRIED_ALONE], 1))
    if alone[TRIED_ALONE:] and not landed.issuperset(_list_landed(pull, ())):
        pull.pager.warn("the server does not accept a list of ids: each id is requested separately")
        pull.land(_QUERY, in_units(alone[TRIED_ALONE:], 1))


def _list_landed(pull: Pull, known: Iterable[str]) -> list[str]:
    """Return the ids of the landed Patients that are not known."""
    known = set(known)
    ids = dict.fromkeys(head.id for head in heads(pull.landing, "Patient"))
    return [identifier for identifier in ids if identifier not in known]


def with_merged(pull: Pull, people: Iterable[str]) -> list[str]:
    """Return the ids, with those of all Patients that landed Patients link as merged."""
    together, pairs = dict.fromkeys(people), list(_merges(pull))
    size = -1
    while size != len(together):
        size = len(together)
        together |= dict.fromkeys(
            patient for pair in pairs if not together.keys().isdisjoint(pair) for patient in pair
        )
    return list(together)


def _merges(pull: Pull) -> Iterator[tuple[str, str]]:
    """Yield each landed Patient with each Patient merged with it."""
    for head in heads(pull.landing, "Patient"):
        for reference in (*head.links_of("replaced-by"), *head.links_of("replaces")):
            other = local_id(reference, "Patient", pull.base)
            if other is not None:
                yield head.id, other
