"""The patients that the study file lists: ids, identifiers, or the members of a Group."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from abate.errors import NothingFound, SourceError
from abate.references import local_id
from abate.source.paging import hole
from abate.source.pull import Pull
from abate.source.query import Query, in_pieces
from abate.source.searchset import Head

GROUP = "Group/"
IDENTIFIERS_A_QUERY = 20


def listed_patients(pull: Pull, listed: Sequence[str]) -> list[str]:
    """The ids of the listed patients, each once, in their order.

    Args:
        pull: the pull that they are wanted for.
        listed: `Group/ID`, identifiers as `system|value`, and ids.

    Raises:
        IncompletePull: a Group cannot be read.
        NothingFound: a Group has no members, or no patient has one of the identifiers.
    """
    ids = [one for one in listed if not one.startswith(GROUP) and "|" not in one]
    for one in listed:
        if one.startswith(GROUP):
            ids += _members(pull, one)
    identifiers = [one for one in listed if "|" in one]
    for some in in_pieces(identifiers, IDENTIFIERS_A_QUERY):
        ids += _identified(pull, some)
    return list(dict.fromkeys(ids))


def _members(pull: Pull, group: str) -> list[str]:
    query = Query(name="the patients of the group", type="Group")
    answer = pull.asker.pager.server.read(group)
    if answer.status != HTTPStatus.OK:
        raise hole(query, None, f"{answer.place} answered {answer.status}")
    try:
        members = answer.resource(group).get("member")
    except SourceError as error:
        raise hole(query, None, str(error)) from None
    found = [_id(pull, one) for one in members or [] if isinstance(one, dict)]
    ids = [one for one in found if one is not None]
    if len(ids) < len(found) or not ids:
        raise NothingFound(
            f"{answer.place} has {len(found)} members, of whom {len(ids)} are patients of that "
            "server. Name another list in [source] patients."
        )
    return ids


def _id(pull: Pull, member: dict[str, Any]) -> str | None:
    entity = member.get("entity")
    reference = entity.get("reference") if isinstance(entity, dict) else None
    return local_id(reference, "Patient", pull.base) if isinstance(reference, str) else None


def _identified(pull: Pull, identifiers: tuple[str, ...]) -> list[str]:
    ids: list[str] = []

    def take(head: Head, _: bytes) -> None:
        ids.append(head.id)

    query = Query(
        name="the listed patients", type="Patient", extra={"identifier": ",".join(identifiers)},
        is_personal=True,
    )  # fmt: skip
    pull.asker.bring(query, take)
    if len(ids) < len(identifiers):
        raise NothingFound(
            f"{pull.base} has {len(ids)} patients with one of {len(identifiers)} identifiers of "
            "[source] patients. Check them."
        )
    return ids
