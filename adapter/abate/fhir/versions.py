"""The version of a resource: what tells whether the store has it as the server has it now."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from abate.fhir.bundle import Head


class Version(NamedTuple):
    """`meta.versionId` and `meta.lastUpdated`; either is None where the server does not say."""

    number: str | None
    updated: datetime | None

    def is_comparable(self, other: "Version") -> bool:
        """Whether both say enough to tell one version from another."""
        has_numbers = self.number is not None and other.number is not None
        return has_numbers or (self.updated is not None and other.updated is not None)

    def differs(self, other: "Version") -> bool:
        """Whether the two are known to be different versions.

        The number decides where both have one: HAPI gives one version two dates, one in a search
        and another one in a read (hapifhir/hapi-fhir#7839).
        """
        if self.number is not None and other.number is not None:
            return self.number != other.number
        return self.is_comparable(other) and self.updated != other.updated

    def went_back(self, known: "Version") -> bool:
        """Whether this follows `known` by a date that is earlier: the server's clock went back.

        A lower number is an older version, which came late; so may a number be that is no number.
        """
        if self.updated is None or known.updated is None or self.updated >= known.updated:
            return False
        return self.differs(known) and not _is_lower(self.number, known.number)


def version_of(head: Head) -> Version:
    """The version that a resource names."""
    return Version(head.version, head.last_updated)


def differing(there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """The ids, of those on both sides, whose versions differ."""
    return {key for key in there.keys() & here.keys() if there[key].differs(here[key])}


def incomparable(there: Mapping[str, Version], here: Mapping[str, Version]) -> set[str]:
    """The ids, of those on both sides, of which only the content could tell."""
    return {key for key in there.keys() & here.keys() if not there[key].is_comparable(here[key])}


def _is_lower(number: str | None, known: str | None) -> bool:
    is_counted = number is not None and known is not None and (number + known).isdecimal()
    return is_counted and int(number or 0) < int(known or 0)
