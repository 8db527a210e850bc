"""The ids of the server held against those of the store, and what only one of the two has.

A listing is believed only where it is as long as the server's count: a listing that is short would
bury rows that are there. What is listed and does not come is a hole.
"""

from collections.abc import Iterable, Mapping

from abate.errors import IncompletePull, NothingFound
from abate.source.paging import hole
from abate.source.plan import PROCEDURES, SCORES
from abate.source.pull import Pull
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.searchset import Head
from abate.source.settling import Take

# Servers that cannot leave elements out give whole resources, refuse, or find nothing.
_LISTINGS: tuple[Mapping[str, str], ...] = ({"_elements": "id,code,subject"}, {})


def refuse_empty(pull: Pull, query: Query, there: set[str]) -> None:
    """Stop where nothing answers any more a query that all depends on.

    Raises:
        NothingFound: names it; the store stays as it was.
    """
    if there and query.name in (PROCEDURES, SCORES):
        raise NothingFound(
            f"{pull.base} has no {query.name} any more, and had {len(there)}: the store stays as "
            "it was. If that is right, begin anew with another output directory."
        )


def listed(pull: Pull, query: Query, there: set[str]) -> set[str]:
    """All ids that answer a query now.

    Args:
        pull: the pull.
        query: whose resources.
        there: the ids that the store has.

    Raises:
        IncompletePull: fewer are listed than the server counts.
        NothingFound: nothing is there any more.
    """
    for elements in _LISTINGS:
        ids: set[str] = set()
        asked = query.of(name=f"ids of {query.name}", extra=elements)
        try:
            brought = pull.asker.bring(asked, _noting(ids))
        except IncompletePull:
            if not elements:
                raise
            continue
        total = pull.asker.count(query)
        if brought.received >= (total or 0) and (ids or not elements):
            break
    else:
        raise hole(asked, None, f"{brought.received} are listed, and the server counts {total}")
    if not ids:
        refuse_empty(pull, query, there)
    return ids


def refuse_found(pull: Pull, query: Query, gone: Iterable[str]) -> None:
    """Stop if a listing that no count confirms left out what a search by `_id` still finds.

    Raises:
        IncompletePull: tells how many.
    """
    found: set[str] = set()
    for some in in_pieces(sorted(gone), IDS_A_QUERY):
        pull.asker.bring(query.of(ids=some), _noting(found))
    if found:
        raise hole(query, None, f"{len(found)} ids are not listed, and come by _id")


def _noting(ids: set[str]) -> Take:
    return lambda head, _: ids.add(head.id)


def fetch(pull: Pull, query: Query, ids: Iterable[str], take: Take) -> None:
    """Bring what the server has and the store has not, though `_lastUpdated` did not find it.

    Raises:
        IncompletePull: some of it does not come.
    """
    wanted, came = sorted(ids), set[str]()

    def note(head: Head, raw: bytes) -> None:
        came.add(head.id)
        take(head, raw)

    for some in in_pieces(wanted, IDS_A_QUERY):
        pull.asker.bring(query.of(ids=some), note)
    for one in [one for one in wanted if one not in came]:
        pull.asker.bring(query.of(ids=(one,)), note)
    # What went meanwhile is no hole.
    lost = set(wanted) - came
    if lost and (still := lost & listed(pull, query, set())):
        raise hole(query, None, f"{len(still)} ids are listed, and do not come by _id")
