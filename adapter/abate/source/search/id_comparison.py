"""Compare the resources that a server lists with those of the store, by id and by version.

A listing is believed only where it is as long as the server's count: a truncated listing would mark
existing rows as deleted. What is listed and does not come is missing, and stops the pull.
"""

from collections.abc import Collection, Iterable, Mapping

from abate.errors import IncompletePull, NothingFound
from abate.fhir.bundle import Head
from abate.fhir.versions import Version, differing, incomparable, version_of
from abate.source.plan import PROCEDURES, SCORES
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.search.paging import NotHeeded, hole
from abate.source.search.pull import Pull
from abate.source.search.uncounted import Take

# Servers that cannot leave elements out give whole resources, refuse, or find nothing.
_LISTINGS: tuple[Mapping[str, str], ...] = ({"_elements": "id,meta,code,subject"}, {})

# More resources than this are pulled as pages of a search, and not by their ids.
MOST_BY_ID = 1000


def refuse_empty(pull: Pull, query: Query, there: Collection[str]) -> None:
    """Stop where nothing answers any more a query that all depends on.

    Raises:
        NothingFound: names it; the store stays as it was.
    """
    if there and query.name in (PROCEDURES, SCORES):
        raise NothingFound(
            f"{pull.base} has no {query.name} any more, and had {len(there)}: the store stays as "
            "it was. If that is right, begin anew with another output directory."
        )


def stale(query: Query, there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """The ids of which the server has another version than the store.

    Raises:
        NotHeeded: the listing does not tell versions, or more differ than are asked for by id.
    """
    if unknown := incomparable(there, here):
        raise NotHeeded(f"the server tells no version of {len(unknown)} {query.name}.")
    changed = differing(there, here)
    if len(changed) > MOST_BY_ID:
        raise NotHeeded(f"the server has another version of {len(changed)} {query.name}.")
    return changed


def listed(pull: Pull, query: Query, there: Collection[str]) -> dict[str, Version]:
    """The version of each resource that answers a query now, by id.

    Args:
        pull: the pull.
        query: whose resources.
        there: the ids that the store has.

    Raises:
        IncompletePull: fewer are listed than the server counts.
        NothingFound: nothing is there any more.
    """
    for elements in _LISTINGS:
        found: dict[str, Version] = {}
        asked = query.of(name=f"ids of {query.name}", extra={**query.extra, **elements})
        try:
            brought = pull.fetcher.fetch(asked, _noting(found))
        except IncompletePull:
            if not elements:
                raise
            continue
        total = pull.fetcher.count(query)
        if brought.received >= (total or 0) and (found or not elements):
            break
    else:
        raise hole(asked, None, f"{brought.received} are listed, and the server counts {total}")
    if not found:
        refuse_empty(pull, query, there)
    return found


def refuse_found(pull: Pull, query: Query, gone: Iterable[str]) -> None:
    """Stop if a listing that no count confirms left out what a search by `_id` still finds.

    Raises:
        IncompletePull: tells how many.
    """
    found: dict[str, Version] = {}
    for some in in_pieces(sorted(gone), IDS_A_QUERY):
        pull.fetcher.fetch(query.of(ids=some), _noting(found))
    if found:
        raise hole(query, None, f"{len(found)} ids are not listed, and come by _id")


def _noting(found: dict[str, Version]) -> Take:
    return lambda head, _: found.update({head.id: version_of(head)})


def fetch(pull: Pull, query: Query, ids: Iterable[str], take: Take) -> None:
    """Bring what the store lacks, or has in another version, though `_lastUpdated` did not find it.

    Raises:
        IncompletePull: some of it does not come.
    """
    wanted, came = sorted(ids), set[str]()

    def note(head: Head, raw: bytes) -> None:
        came.add(head.id)
        take(head, raw)

    for some in in_pieces(wanted, IDS_A_QUERY):
        pull.fetcher.fetch(query.of(ids=some), note)
    for one in [one for one in wanted if one not in came]:
        pull.fetcher.fetch(query.of(ids=(one,)), note)
    # Resources deleted meanwhile are not missing.
    lost = set(wanted) - came
    if lost and (still := lost & listed(pull, query, ()).keys()):
        raise hole(query, None, f"{len(still)} ids are listed, and do not come by _id")
