"""Read a Group of patients from a server: its active members, and those who have left.

https://hl7.org/fhir/R4/group.html: a member is active unless it is `inactive` or its `period` does
not include the present, by the server's clock. The data cut-off is not used here, since a patient
who has left may have withdrawn consent.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from http import HTTPStatus
from typing import Any

from abate.errors import IncompletePull, NothingFound, SourceError
from abate.fhir.client import FhirServer
from abate.fhir.references import local_id
from abate.http.json_values import as_object, as_objects, as_text
from abate.http.response import Answer

GROUP = "Group/"
# https://hl7.org/fhir/R4/valueset-observation-values.html: a resource with parts removed.
_SUBSETTED = "SUBSETTED"
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The patients of a Group.

    Attributes:
        reference: `Group/ID`.
        listed: the ids of all listed members, active or not.
        active: the distinct ids of the active members, in their order.
    """

    reference: str
    listed: frozenset[str]
    active: tuple[str, ...]

    @property
    def left(self) -> frozenset[str]:
        """The ids of the listed members that are not active."""
        return self.listed - frozenset(self.active)

    def __str__(self) -> str:
        """Describe the Group in numbers, for messages."""
        return f"{self.reference} has {len(self.active)} active members of {len(self.listed)}"


def read_group(server: FhirServer, reference: str, zone: tzinfo = UTC) -> Group:
    """Read a Group.

    Args:
        server: the server of the Group.
        reference: `Group/ID`.
        zone: the time zone of dates, and of times without an offset.

    Raises:
        SourceError: the server requires a login.
        IncompletePull: the Group cannot be read completely, or its active members are unclear.
        NothingFound: the Group has no active member.
    """
    answer = server.get(reference)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise server.login_wanted(answer.status)
    members = _members(answer, reference)
    ids = [_patient(member, server.base) for member in members]
    if None in ids:
        raise _unreadable(answer, _others(members, ids))
    now = server.time or datetime.now(UTC)
    patients = [
        (patient, _is_active(member, now, zone, answer))
        for patient, member in zip(ids, members, strict=True)
        if patient is not None
    ]
    group = Group(
        reference=reference,
        listed=frozenset(patient for patient, _ in patients),
        active=tuple(dict.fromkeys(patient for patient, is_active in patients if is_active)),
    )
    if not group.active:
        raise NothingFound(
            f"{answer.place} lists {len(group.listed)} patients, but none of them is an active "
            "member. Check the Group, or name another one in [source]."
        )
    return group


def _members(answer: Answer, reference: str) -> list[dict[str, Any]]:
    """Return the listed members of a Group, each an object."""
    if answer.status != HTTPStatus.OK:
        raise IncompletePull(
            f"{answer.place} answered {answer.summary}: the members of {reference} are not known, "
            "so the received patients cannot be compared with them. Nothing was stored. Ask for "
            "the right to read the Group (scope system/Group.rs), or list its patients by id in "
            "[source] patients (for an export: together with export)"
        )
    try:
        group = answer.resource(reference)
    except SourceError:
        raise _unreadable(answer, "it is not the requested Group") from None
    members = group.get("member", [])
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise _unreadable(answer, "its members cannot be read")
    if why := _incomplete(group, len(members)):
        raise _unreadable(answer, why)
    return members


def _incomplete(group: dict[str, Any], listed: int) -> str:
    """Describe why the list of members is incomplete or outdated; empty if it is neither."""
    number, tags = group.get("quantity"), as_objects(as_object(group.get("meta")).get("tag"))
    codes = [tag.get("code") for tag in tags]
    if _SUBSETTED in codes:
        return "the server shows only a part of it"
    if isinstance(number, int) and number > listed:
        return f"it counts {number} members but lists {listed}"
    if group.get("active", True) is not True:
        return "it is no longer in use (active is not true)"
    return ""


def _patient(member: dict[str, Any], base: str) -> str | None:
    return local_id(_reference(member), "Patient", base)


def _reference(member: dict[str, Any]) -> str:
    return as_text(as_object(member.get("entity")).get("reference"))


def _others(members: Sequence[dict[str, Any]], ids: Sequence[str | None]) -> str:
    nested = sum(
        f"/{_reference(member)}".rpartition("/")[0].endswith("/Group") for member in members
    )
    also = f" ({nested} are Groups, which are not followed: list each of them)" if nested else ""
    return f"{ids.count(None)} of its {len(ids)} members are not patients of this server{also}"


def _is_active(member: dict[str, Any], now: datetime, zone: tzinfo, answer: Answer) -> bool:
    """Return whether a member is active now.

    Raises:
        IncompletePull: this cannot be determined.
    """
    inactive, period = member.get("inactive", False), member.get("period", {})
    if not isinstance(inactive, bool) or not isinstance(period, dict):
        raise _unreadable(answer, "whether a member is active cannot be read")
    try:
        begun = "start" not in period or _span(period["start"], zone)[0] <= now
        ended = "end" in period and _span(period["end"], zone)[1] <= now
    except (ValueError, OverflowError):
        raise _unreadable(answer, "the period of a member cannot be read") from None
    return begun and not ended and not inactive


def _span(moment: Any, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first moment of a FHIR dateTime, and the first moment after it.

    Raises:
        ValueError: it is not a FHIR dateTime.
    """
    text = moment if isinstance(moment, str) else ""
    if (date := _DATE.fullmatch(text)) is None:
        instant = datetime.fromisoformat(text)
        start = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        return start, start + timedelta(microseconds=1)
    year, month, day = (int(group) if group else None for group in date.groups())
    last = day or calendar.monthrange(year or 0, month or 12)[1]
    end = datetime(year or 0, month or 12, last, tzinfo=zone) + timedelta(days=1)
    return datetime(year or 0, month or 1, day or 1, tzinfo=zone), end


def _unreadable(answer: Answer, why: str) -> IncompletePull:
    return IncompletePull(
        f"{answer.place} cannot be used as the list of patients: {why}. Nothing was stored."
    )
