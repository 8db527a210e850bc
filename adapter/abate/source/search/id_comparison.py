"""Compare the resources that a server lists with those of the store, by id and by version.

A listing is trusted only if it is as long as the server's count: a truncated listing would mark
existing rows as deleted. A listed resource that cannot be fetched stops the pull.
"""

from collections.abc import Collection, Iterable, Mapping

from abate.errors import IncompletePull, NothingFound
from abate.fhir.bundle import Head
from abate.fhir.versions import Version, differing, incomparable, version_of
from abate.source.plan import PROCEDURES, SCORES
from abate.source.query import IDS_A_QUERY, Query, in_pieces
from abate.source.search.paging import NotHonoured, incomplete
from abate.source.search.pull import Pull
from abate.source.search.uncounted import Take

# A server without support for `_elements` sends whole resources, refuses, or finds nothing.
_LISTINGS: tuple[Mapping[str, str], ...] = ({"_elements": "id,meta,code,subject"}, {})

# More resources than this are pulled by a search and not by their ids.
MOST_BY_ID = 1000


def refuse_empty(pull: Pull, query: Query, there: Collection[str]) -> None:
    """Stop if the query that everything depends on no longer finds anything.

    Raises:
        NothingFound: names the query; the store is not changed.
    """
    if there and query.name in (PROCEDURES, SCORES):
        raise NothingFound(
            f"{pull.base} no longer has any {query.name}; it had {len(there)}. The store was not "
            "changed. If this is correct, start again with another output directory."
        )


def stale(query: Query, there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """Return the ids whose version on the server differs from the version in the store.

    Raises:
        NotHonoured: the listing has no versions, or more differ than can be fetched by id.
    """
    if unknown := incomparable(there, here):
        raise NotHonoured(f"the server gives no version for {len(unknown)} {query.name}.")
    changed = differing(there, here)
    if len(changed) > MOST_BY_ID:
        raise NotHonoured(f"the server has a different version of {len(changed)} {query.name}.")
    return changed


def list_versions(pull: Pull, query: Query, there: Collection[str]) -> dict[str, Version]:
    """Return the version of each resource that matches a query now, by id.

    Args:
        pull: the pull.
        query: the query.
        there: the ids that the store has.

    Raises:
        IncompletePull: fewer are listed than the server counts.
        NothingFound: the query no longer finds anything.
    """
    for elements in _LISTINGS:
        versions: dict[str, Version] = {}
        asked = query.of(name=f"ids of {query.name}", extra={**query.extra, **elements})
        try:
            received = pull.fetcher.fetch(asked, _noting(versions))
        except IncompletePull:
            if not elements:
                raise
            continue
        total = pull.fetcher.count(query)
        if received.received >= (total or 0) and (versions or not elements):
            break
    else:
        raise incomplete(
            asked, None, f"{received.received} are listed, but the server counts {total}"
        )
    if not versions:
        refuse_empty(pull, query, there)
    return versions


def refuse_found(pull: Pull, query: Query, gone: Iterable[str]) -> None:
    """Stop if a search by `_id` finds resources that a listing without a count does not have.

    Raises:
        IncompletePull: names their number.
    """
    versions: dict[str, Version] = {}
    for piece in in_pieces(sorted(gone), IDS_A_QUERY):
        pull.fetcher.fetch(query.of(ids=piece), _noting(versions))
    if versions:
        raise incomplete(query, None, f"{len(versions)} ids are not listed, but found by _id")


def _noting(versions: dict[str, Version]) -> Take:
    return lambda head, _: versions.update({head.id: version_of(head)})


def fetch(pull: Pull, query: Query, ids: Iterable[str], take: Take) -> None:
    """Fetch resources by id that are new or changed, but that `_lastUpdated` did not find.

    Raises:
        IncompletePull: a listed resource cannot be fetched.
    """
    wanted, came = sorted(ids), set[str]()

    def note(head: Head, raw: bytes) -> None:
        came.add(head.id)
        take(head, raw)

    for piece in in_pieces(wanted, IDS_A_QUERY):
        pull.fetcher.fetch(query.of(ids=piece), note)
    for key in [key for key in wanted if key not in came]:
        pull.fetcher.fetch(query.of(ids=(key,)), note)
    # Resources deleted meanwhile are not missing.
    lost = set(wanted) - came
    if lost and (still := lost & list_versions(pull, query, ()).keys()):
        raise incomplete(query, None, f"{len(still)} ids are listed, but not found by _id")
