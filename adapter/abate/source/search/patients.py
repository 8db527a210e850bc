"""The Patients of a study, and all who were merged with them."""

from collections.abc import Iterable, Iterator, Sequence

from abate.fhir.references import local_id
from abate.source.plan import PATIENTS
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.required_data import heads
from abate.source.search.paging import NotHonoured
from abate.source.search.pull import Pull, in_units

# So many that a list did not bring are asked for alone, before that is taken for the server's way.
TRIED_ALONE = 3

_QUERY = Query(name=PATIENTS, type="Patient")


def land_patients(
    pull: Pull, wanted: Iterable[str], known: Iterable[str] = (), survivors: Iterable[str] = ()
) -> list[str]:
    """Land the Patients with these ids, and those that they were merged with; all their ids.

    Who was merged into a Patient, only the record of the former may tell: the server is asked for
    those who link to each Patient.

    Args:
        pull: the pull.
        wanted: their ids.
        known: those that need not come, since the store has them.
        survivors: those among them who may be the survivors of others that it has not.
    """
    wanted, there, asked = list(wanted), set(known), list[str]()
    new = [*survivors, *_list_landed(pull, there)]
    while new or (missing := _missing(pull, wanted, there)):
        if not new:
            by_list = [_QUERY.of(ids=some) for some in in_pieces(missing, IDS_A_QUERY)]
            pull.land(_QUERY, in_units(by_list, IDS_A_QUERY))
            _land_one_by_one(pull, missing)
            new = missing
        asked += new
        there.update(new)
        linked = [_QUERY.of(linked=some) for some in in_pieces(new, IDS_A_QUERY)]
        try:
            if pull.takes_link:
                pull.land(_QUERY, in_units(linked, IDS_A_QUERY))
        except NotHonoured as fault:
            pull.takes_link = False
            pull.pager.warn(
                f"{fault} Patients who were merged are found only where the survivor's record "
                "tells of it."
            )
        new = _list_landed(pull, there)
    return asked


def _missing(pull: Pull, wanted: Sequence[str], there: set[str]) -> list[str]:
    """Those of the wanted, and of whom landed Patients name, that are not there."""
    linked = (other for _, other in _merges(pull))
    return [one for one in dict.fromkeys([*wanted, *linked]) if one not in there]


def _land_one_by_one(pull: Pull, wanted: Sequence[str]) -> None:
    """Ask again for those that a list of ids has not brought: some servers take no list."""
    landed = set(_list_landed(pull, ()))
    absent = [one for one in wanted if one not in landed]
    if len(wanted) == 1 or not absent:
        return
    alone = [_QUERY.of(ids=(one,)) for one in absent]
    pull.land(_QUERY, in_units(alone[:TRIED_ALONE], 1))
    if alone[TRIED_ALONE:] and not landed.issuperset(_list_landed(pull, ())):
        pull.pager.warn("the server takes no list of ids: each is asked for by itself")
        pull.land(_QUERY, in_units(alone[TRIED_ALONE:], 1))


def _list_landed(pull: Pull, known: Iterable[str]) -> list[str]:
    """The ids of the Patients that have landed and are not known."""
    known = set(known)
    ids = dict.fromkeys(head.id for head in heads(pull.landing, "Patient"))
    return [one for one in ids if one not in known]


def with_merged(pull: Pull, people: Iterable[str]) -> list[str]:
    """These, and all who were merged with one of them by what the landed Patients say."""
    together, pairs = dict.fromkeys(people), list(_merges(pull))
    size = -1
    while size != len(together):
        size = len(together)
        together |= dict.fromkeys(
            one for pair in pairs if not together.keys().isdisjoint(pair) for one in pair
        )
    return list(together)


def _merges(pull: Pull) -> Iterator[tuple[str, str]]:
    """Each landed Patient with one whom it was merged with."""
    for head in heads(pull.landing, "Patient"):
        for reference in (*head.links_of("replaced-by"), *head.links_of("replaces")):
            other = local_id(reference, "Patient", pull.base)
            if other is not None:
                yield head.id, other
