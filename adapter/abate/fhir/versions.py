"""The version of a resource: whether the store has the version that the server has now."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from abate.fhir.bundle import Head


class Version(NamedTuple):
    """`meta.versionId` and `meta.lastUpdated`; None for one that the server does not give."""

    number: str | None
    updated: datetime | None

    def is_comparable(self, other: "Version") -> bool:
        """Whether the two can be compared: both have a number, or both have a date."""
        has_numbers = self.number is not None and other.number is not None
        return has_numbers or (self.updated is not None and other.updated is not None)

    def differs(self, other: "Version") -> bool:
        """Whether the two are known to be different versions.

        The number decides if both have one: HAPI gives a version one date in a search and another
        in a read (8.8.0, 2026-11; hapifhir/hapi-fhir#7839).
        """
        if self.number is not None and other.number is not None:
            return self.number != other.number
        return self.is_comparable(other) and self.updated != other.updated

    def went_back(self, known: "Version") -> bool:
        """Whether this differs from `known` and has an earlier date: the server's clock went back.

        A lower number is an older version that came late, and says nothing about the clock.
        """
        if self.updated is None or known.updated is None or self.updated >= known.updated:
            return False
        return self.differs(known) and not _is_lower(self.number, known.number)


def version_of(head: Head) -> Version:
    """Return the version of a resource."""
    return Version(head.version, head.last_updated)


def differing(there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """Return the ids on both sides whose versions differ."""
    return {key for key in there.keys() & here.keys() if there[key].differs(here[key])}


def incomparable(there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """Return the ids on both sides whose versions cannot be compared."""
    return {key for key in there.keys() & here.keys() if not there[key].is_comparable(here[key])}


def _is_lower(number: str | None, known: str | None) -> bool:
    is_counted = number is not None and known is not None and (number + known).isdecimal()
    return is_counted and int(number or 0) < int(known or 0)
