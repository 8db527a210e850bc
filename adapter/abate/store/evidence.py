"""Which searches by code are known to find what is there: without that, nothing found says nothing.

Some servers list a search parameter in their CapabilityStatement, and do not index it: each search
by it is answered with an empty searchset (observed 2026, with Conditions by code).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec

from abate.store.landing import Landing

State = Literal["works", "finds-nothing", "open"]
# The search has found something.
WORKS: State = "works"
# It finds nothing, though there is something to find.
FINDS_NOTHING: State = "finds-nothing"
# There is nothing of the type by which to tell.
OPEN: State = "open"

# So long a search is believed to be as it was, where the CapabilityStatement stays the same.
RENEWED = timedelta(days=30)
# An export and files are not asked by code.
EXPORTED = "export"
BY_CODE = "code"
BY_PATIENT = "code,patient"
_NOTE = "searches"


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the searches of a type on one server.

    Attributes:
        type: the resource type.
        parameter: by which parameters it is searched, or `export`.
        state: what is known.
        day: since when, by this machine's clock.
        capability: the digest of the CapabilityStatement of that day.
    """

    type: str
    parameter: str
    state: State
    day: date
    capability: str = ""


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def capability_digest(statement: Mapping[str, Any]) -> str:
    """A digest of what a server says that it can do; not of when it says it."""
    said = {name: statement.get(name) for name in ("software", "fhirVersion", "rest")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What is known of one server's searches, from earlier pulls and from this one.

    Attributes:
        parameter: by which parameters this pull searches.
        capability: the digest of the CapabilityStatement.
        kept: what the store knows, by type.
        found: what this pull has found out, by type.
    """

    parameter: str = BY_CODE
    capability: str = ""
    kept: Mapping[str, Search] = field(default_factory=dict)
    found: dict[str, Search] = field(default_factory=dict)

    def known(self, kind: str) -> State | None:
        """What is known of a type; None if that is nothing, or too long ago."""
        search = self.found.get(kind) or self.kept.get(kind)
        return search.state if search is not None and self._is_fresh(search) else None

    def _is_fresh(self, search: Search) -> bool:
        is_same = (search.parameter, search.capability) == (self.parameter, self.capability)
        return is_same and timedelta(0) <= today() - search.day < RENEWED

    def note(self, kind: str, state: State) -> None:
        """Note what was found out today."""
        self.found[kind] = Search(
            type=kind,
            parameter=self.parameter,
            state=state,
            day=today(),
            capability=self.capability,
        )

    def keep(self, kind: str) -> None:
        """Keep what is known, with its day."""
        if kind not in self.found and kind in self.kept:
            self.found[kind] = self.kept[kind]

    def remember(self, landing: Landing) -> None:
        """Leave a note for the run that goes on if this one is killed."""
        landing.remember(_NOTE, msgspec.json.encode(list(self.found.values())))

    def recall(self, landing: Landing) -> None:
        """Take over what the run before this one had found out."""
        if (note := landing.recall(_NOTE)) is not None:
            found = msgspec.json.decode(note, type=list[Search])
            self.found = {one.type: one for one in found if self._is_fresh(one)}


def find_exported(kept: Mapping[str, Search]) -> frozenset[str]:
    """The types of which an earlier export brought something."""
    known = (one for one in kept.values() if (one.parameter, one.state) == (EXPORTED, WORKS))
    return frozenset(one.type for one in known)


def of_arrivals(kinds: Iterable[str], arrived: frozenset[str]) -> list[Search]:
    """The same for an export or files, which are not searched: a type is known if some came.

    Args:
        kinds: the types that the study needs.
        arrived: those of which something came.
    """
    return [
        Search(
            type=kind,
            parameter=EXPORTED,
            state=WORKS if kind in arrived else OPEN,
            day=today(),
        )
        for kind in kinds
    ]
