"""Which searches by code are known to find resources: an empty result is trusted only after that.

Some servers list a search parameter in their CapabilityStatement and do not index it: each search
by it has an empty result (observed with Conditions by code, 2026-11).
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
# The search has found a resource.
WORKS: State = "works"
# It finds nothing, although the server has resources that it should find.
FINDS_NOTHING: State = "finds-nothing"
# The server has no resource of the type, so nothing shows whether the search works.
OPEN: State = "open"

# A search is tried again after this time, or when the CapabilityStatement has changed.
RENEWED = timedelta(days=30)
# The parameter of types that come by an export or in files, which are not searched.
EXPORTED = "export"
BY_CODE = "code"
BY_PATIENT = "code,patient"
_NOTE = "searches"


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the searches of a type on one server.

    Attributes:
        type: the resource type.
        parameter: by which parameters it is searched, or `export`.
        state: one of WORKS, FINDS_NOTHING and OPEN.
        day: when it was found out, by this machine's clock.
        capability: the digest of the CapabilityStatement of that day.
    """

    type: str
    parameter: str
    state: State
    day: date
    capability: str = ""


def today() -> date:
    """Return the current day in UTC."""
    return datetime.now(UTC).date()


def capability_digest(statement: Mapping[str, Any]) -> str:
    """Return a digest of what a server can do by its statement, whose date does not count."""
    content = {name: statement.get(name) for name in ("software", "fhirVersion", "rest")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


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
        """Return what is known of a type; None if nothing is, or it is too old."""
        search = self.found.get(kind) or self.kept.get(kind)
        return search.state if search is not None and self._is_fresh(search) else None

    def _is_fresh(self, search: Search) -> bool:
        is_same = (search.parameter, search.capability) == (self.parameter, self.capability)
        return is_same and timedelta(0) <= today() - search.day < RENEWED

    def note(self, kind: str, state: State) -> None:
        """Note the result of a search of today."""
        self.found[kind] = Search(
            type=kind,
            parameter=self.parameter,
            state=state,
            day=today(),
            capability=self.capability,
        )

    def keep(self, kind: str) -> None:
        """Keep what the store knows, with its day."""
        if kind not in self.found and kind in self.kept:
            self.found[kind] = self.kept[kind]

    def remember(self, landing: Landing) -> None:
        """Leave a note for the next run, in case this one is killed."""
        landing.remember(_NOTE, msgspec.json.encode(list(self.found.values())))

    def recall(self, landing: Landing) -> None:
        """Read the note of an interrupted run."""
        if (note := landing.recall(_NOTE)) is not None:
            searches = msgspec.json.decode(note, type=list[Search])
            self.found = {search.type: search for search in searches if self._is_fresh(search)}


def find_exported(kept: Mapping[str, Search]) -> frozenset[str]:
    """Return the types of which an earlier export had resources."""
    exported = (EXPORTED, WORKS)
    known = (search for search in kept.values() if (search.parameter, search.state) == exported)
    return frozenset(search.type for search in known)


def of_arrivals(kinds: Iterable[str], arrived: frozenset[str]) -> list[Search]:
    """Return what is known of types that come by an export or in files, and are not searched.

    Args:
        kinds: the types that the study needs.
        arrived: the types of which a resource was received.
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
