"""One search: its criteria, its FHIR parameters, and whether a resource matches it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from abate.fhir.bundle import Head
from abate.fhir.references import local_id

Pairs = list[tuple[str, str]]

T = TypeVar("T")

_ESCAPES = {ord(special): f"\\{special}" for special in "\\,|$"}

# How many codes fit into a URL; a search with more is sent by POST.
CODES_IN_A_URL = 40
# How many ids one search by id contains.
IDS_A_QUERY = 20
CATEGORY = "category"
# Earlier than any resource on a server.
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A time window of a divided search: from `start` to before `end`."""

    parameter: str
    start: datetime
    end: datetime

    @classmethod
    def of_all(cls, parameter: str, since: datetime | None = None) -> Self:
        """Return the window of all resources, or all since a time, even if the clock is ahead."""
        tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
        return cls(parameter=parameter, start=since or LONG_AGO, end=tomorrow)

    @property
    def pairs(self) -> Pairs:
        """Return both ends as search parameters."""
        return [
            (self.parameter, f"ge{instant(self.start)}"),
            (self.parameter, f"lt{instant(self.end)}"),
        ]

    def is_without(self, head: Head) -> bool:
        """Return whether a resource is outside of the window; False if it has no time."""
        updated = head.last_updated if self.parameter == "_lastUpdated" else None
        return updated is not None and not self.start <= updated < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search of one type. Empty `tokens`, `patients` or `ids` mean no restriction.

    Attributes:
        name: the name of the query, for messages.
        type: the resource type.
        tokens: codes as search tokens, `system|code`.
        wanted: codes as search tokens that are not sent to the server but filtered by abate.
        patients: ids of the patients whose resources are requested.
        ids: ids of the requested resources.
        linked: ids of Patients; the query is for the Patients that were merged into them.
        since: restricts the query to changes since then, by `_lastUpdated`.
        window: restricts the query to a time window.
        extra: other parameters, such as `category`, which some servers require.
        is_personal: whether `extra` names patients.
    """

    name: str
    type: str
    tokens: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    since: datetime | None = None
    window: TimeWindow | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    is_personal: bool = False

    @property
    def is_private(self) -> bool:
        """Whether the query contains ids of patients or resources, or is too long for a URL."""
        names_somebody = bool(self.patients or self.ids or self.linked) or self.is_personal
        return names_somebody or len(self.tokens) > CODES_IN_A_URL

    @property
    def is_by_category(self) -> bool:
        """Whether the query is restricted to categories, so that completeness cannot be shown."""
        return CATEGORY in self.extra

    @property
    def people(self) -> int:
        """The number of patients in the query, as subjects or as Patients."""
        return len(self.patients) + (len(self.ids) if self.type == "Patient" else 0)

    @property
    def pairs(self) -> Pairs:
        """Return the parameters, without those of paging."""
        pairs: Pairs = [
            (name, ",".join(values))
            for name, values in (
                ("_id", self.ids),
                ("link", [f"Patient/{patient}" for patient in self.linked]),
                ("patient", self.patients),
                ("code", self.tokens),
            )
            if values
        ]
        if self.since is not None:
            pairs.append(("_lastUpdated", f"ge{instant(self.since)}"))
        if self.window is not None:
            pairs += self.window.pairs
        return pairs + list(self.extra.items())

    @property
    def parameters(self) -> set[str]:
        """Return the names of the parameters that restrict the result."""
        return {name for name, _ in self.pairs if name != "_elements"}

    def of(self, **changes: object) -> Self:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # dataclasses.replace checks the names.

    def stray(self, head: Head, base: str) -> str | None:
        """Return the parameter that the server ignored, if this resource does not match.

        A missing element (no subject on this server, no lastUpdated) counts as a match: the mapping
        decides about it.
        """
        if self.ids and head.id not in self.ids:
            return "_id"
        if self.tokens and not has_code(head, self.tokens):
            return "code"
        patient = local_id(head.subject_reference, "Patient", base)
        if self.patients and patient is not None and patient not in self.patients:
            return "patient"
        if self.linked and not any(
            local_id(link, "Patient", base) in self.linked for link in head.links
        ):
            return "link"
        updated = head.last_updated
        if self.since is not None and updated is not None and updated < self.since:
            return "_lastUpdated"
        return None

    def without_code(self) -> Self:
        """Return the query without codes; abate filters the codes itself."""
        return self.of(tokens=(), wanted=self.tokens or self.wanted)

    def is_wanted(self, head: Head) -> bool:
        """Return whether a resource has one of the codes that abate filters itself."""
        return not self.wanted or has_code(head, self.wanted)


def has_code(head: Head, tokens: Iterable[str]) -> bool:
    """Return whether a resource has one of the codes; the mapping checks the system."""
    return not head.codes.isdisjoint(bare(token) for token in tokens)


def in_pieces(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield the items in tuples of `size`, in their order."""
    for first in range(0, len(items), size):
        yield tuple(items[first : first + size])


def token(system: str, code: str) -> str:
    r"""Return a search token: `system|code`, or only the code; `\`, `,`, `|` and `$` are escaped.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    return "|".join(part.translate(_ESCAPES) for part in (system, code) if part)


def bare(token: str) -> str:
    r"""Return the code of a token without system and without the escapes `\,`, `\|`, `\$`, `\\`."""
    code = token.replace(r"\\", "\0").replace(r"\|", "\1").rpartition("|")[2]
    for special in ",$":
        code = code.replace(f"\\{special}", special)
    return code.replace("\1", "|").replace("\0", "\\")


def instant(moment: datetime) -> str:
    """Format a FHIR instant in UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
