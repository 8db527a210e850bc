"""One file's resources, sorted by type into units: each type that the store keeps has its own."""

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
    """What one file brought.

    Attributes:
        received: how many lines landed, by type.
        others: how many resources of other types stood there.
    """

    received: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


def land(  # noqa: PLR0913 - what lands, where, and how it is judged
    landing: Landing,
    name: str,
    file: Called,
    placed: Iterable[Placed],
    *,
    is_change: bool = False,
    judge: Judge = refuse,
) -> Sorted:
    """Land the resources of a file, at the places where they stood there.

    A line that is no resource lands beside its neighbours, so that the mapping rejects it: with the
    type of the line before, else with one that the file's name tells, else as an Observation.

    Args:
        landing: where.
        name: of the units; the type is added.
        file: what the file is called.
        placed: what stands in it.
        is_change: whether it holds what changed, and not all that there is.
        judge: judges the OperationOutcomes among them.

    Raises:
        IncompletePull: an OperationOutcome among them tells of an error, or of missing rows.
    """
    found, current = Sorted(), guess_type(file.name)
    with ExitStack() as open_units:
        units = {
            kind: _Placing(open_units.enter_context(landing.unit(f"{name}-{kind}")))
            for kind in MAPPED_NAMES
        }
        for place, resource in placed:
            kind = type_of(resource)
            if kind is not None and kind not in MAPPED_NAMES:
                _judge_outcome(kind, resource, file.shown, judge)
                found.others[resource_type(kind)] += 1
                continue
            current = kind or current
            units[current].write(current, place, resource)
            found.received[current] += 1
        for kind, count in found.received.items():
            units[kind].unit.record = Record(
                query=file.shown,
                type=kind,
                expected=count,
                received=count,
                pages=1,
                is_change=is_change,
                is_compared=is_change,  # An export has each resource as it is now.
                file=file.name,
            )
    return found


def type_of(resource: bytes) -> str | None:
    """The resource type that a line says; None where it says none, or is broken."""
    try:
        found = msgspec.json.decode(resource, type=_Type).resourceType
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, str) and _TYPE.fullmatch(found) else None


def take_again(landing: Landing, name: str, received: Iterable[str]) -> bool:
    """Take what `land` landed under a name in a run before this one, if all of it is still there.

    Args:
        landing: where.
        name: of the units.
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
            f"{file} holds an OperationOutcome with an error: what it was written beside may not "
            "be all there is. Ask who wrote the file, or have it written again"
        )


def guess_type(file: str) -> str:
    """The type that a file's name tells."""
    return next((kind for kind in MAPPED_NAMES if kind.lower() in file.lower()), "Observation")


@dataclass(slots=True)
class _Placing:
    """A unit whose lines have the numbers that they had in their file."""

    unit: Unit
    _last: int = 0

    def write(self, kind: str, place: int, resource: bytes) -> None:
        """Append one; blank lines stand for what is not of this type. A Bundle's line has many."""
        self.unit.skip(kind, place - self._last - 1)
        self.unit.write(kind, resource)
        self._last = max(place, self._last + 1)
