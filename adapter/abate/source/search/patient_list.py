"""The patients that the study file lists: ids, identifiers, or the active members of a Group."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from abate.errors import NothingFound
from abate.fhir.bundle import Head
from abate.source.group import GROUP, read_group
from abate.source.query import Query, in_pieces
from abate.source.search.pull import Pull
from abate.store.pull_remarks import note_left

IDENTIFIERS_A_QUERY = 20


def list_patients(pull: Pull, listed: Sequence[str], zone: tzinfo = UTC) -> list[str]:
    """Return the distinct ids of the listed patients, in their order.

    Args:
        pull: the pull.
        listed: `Group/ID`, identifiers as `system|value`, and ids.
        zone: the time zone of the membership dates.

    Raises:
        IncompletePull: a Group cannot be read.
        NothingFound: a Group has no active member, or no patient has one of the identifiers.
    """
    ids = [item for item in listed if not item.startswith(GROUP) and "|" not in item]
    groups = [
        read_group(pull.pager.server, item, zone) for item in listed if item.startswith(GROUP)
    ]
    for group in groups:
        pull.log.info(str(group))
        ids += group.active
    identifiers = [item for item in listed if "|" in item]
    for piece in in_pieces(identifiers, IDENTIFIERS_A_QUERY):
        ids += _find_by_identifier(pull, piece)
    note_left(pull.landing, frozenset().union(*(group.left for group in groups)) - set(ids))
    return list(dict.fromkeys(ids))


def _find_by_identifier(pull: Pull, identifiers: tuple[str, ...]) -> list[str]:
    ids: list[str] = []

    def take(head: Head, _: bytes) -> None:
        ids.append(head.id)

    query = Query(
        name="the listed patients", type="Patient", extra={"identifier": ",".join(identifiers)},
        is_personal=True,
    )  # fmt: skip
    pull.fetcher.fetch(query, take)
    if len(ids) < len(identifiers):
        raise NothingFound(
            f"{pull.base} has {len(ids)} patients with one of {len(identifiers)} identifiers of "
            "[source] patients. Check them."
        )
    return ids
