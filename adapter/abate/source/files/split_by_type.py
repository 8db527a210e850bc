"""Split the resources of a file by type into units, one for each type that the store keeps."""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec

from abate.errors import IncompletePull
from abate.fhir.bundle import head_of
from abate.fhir.outcomes import Judge, refuse
from abate.fhir.types import MAPPED_NAMES
from abate.http.display import resource_type
from abate.source.files.reader import Called, Placed
from abate.store.landing import Landing, Record, Unit

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")


class _Type(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's own name


@dataclass(slots=True, kw_only=True)
class Sorted:
    """The counts of one file.

    Attributes:
        received: the number of landed lines, by type.
        others: the number of resources of other types, by type.
    """

    received: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


def land(  # noqa: PLR0913 - content, destination and checks
    landing: Landing,
    name: str,
    file: Called,
    placed: Iterable[Placed],
    *,
    is_change: bool = False,
    judge: Judge = refuse,
) -> Sorted:
    """Land the resources of a file, with their line numbers in the file.

    A line that is not a resource lands too, so that the mapping rejects it: as the type of the line
    before, else as the type in the file's name, else as an Observation.

    Args:
        landing: the landing.
        name: the name of the units; the type is added.
        file: the name of the file.
        placed: the content of the file.
        is_change: whether the file holds changes only, and not everything.
        judge: checks the OperationOutcomes in the file.

    Raises:
        IncompletePull: an OperationOutcome in the file reports an error, or missing rows.
    """
    result, current = Sorted(), guess_type(file.name)
    with ExitStack() as open_units:
        units = {
            kind: _Placing(open_units.enter_context(landing.unit(f"{name}-{kind}")))
            for kind in MAPPED_NAMES
        }
        for place, resource in placed:
            kind = type_of(resource)
            if kind is not None and kind not in MAPPED_NAMES:
                _judge_outcome(kind, resource, file.shown, judge)
                result.others[resource_type(kind)] += 1
                continue
            current = kind or current
            units[current].write(current, place, resource)
            result.received[current] += 1
        for kind, count in result.received.items():
            units[kind].unit.record = Record(
                query=file.shown,
                type=kind,
                expected=count,
                received=count,
                pages=1,
                is_change=is_change,
                is_compared=is_change,  # An export contains the current version of each resource.
                file=file.name,
            )
    return result


def type_of(resource: bytes) -> str | None:
    """Return the resource type of a line; None if it has none or is invalid."""
    try:
        kind = msgspec.json.decode(resource, type=_Type).resourceType
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else None


def take_again(landing: Landing, name: str, received: Iterable[str]) -> bool:
    """Reuse the units that `land` landed in an earlier run, if all of them still exist.

    Args:
        landing: the landing.
        name: the name of the units.
        received: the types that landed.
    """
    return all(landing.has(f"{name}-{kind}") for kind in received)


def _judge_outcome(kind: str, resource: bytes, file: str, judge: Judge) -> None:
    if kind != "OperationOutcome":
        return
    head = head_of(resource)
    judge(head.issue, file)
    if head.is_failure:
        raise IncompletePull(
            f"{file} contains an OperationOutcome with an error: the file may be incomplete. Ask "
            "its author, or have it written again"
        )


def guess_type(file: str) -> str:
    """Return the type in a file's name."""
    return next((kind for kind in MAPPED_NAMES if kind.lower() in file.lower()), "Observation")


@dataclass(slots=True)
class _Placing:
    """A unit whose lines keep their line numbers of the file."""

    unit: Unit
    _last: int = 0

    def write(self, kind: str, place: int, resource: bytes) -> None:
        """Append a resource; blank lines replace other types. A Bundle's line has several."""
        self.unit.skip(kind, place - self._last - 1)
        self.unit.write(kind, resource)
        self._last = max(place, self._last + 1)
