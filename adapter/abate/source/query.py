"""One search: what is asked for, how FHIR writes it, and whether a resource answers it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from abate.fhir.bundle import Head
from abate.fhir.references import local_id

Pairs = list[tuple[str, str]]

T = TypeVar("T")

_ESCAPES = {ord(special): f"\\{special}" for special in "\\,|$"}

# So many codes stand in a URL; more go in the body of a search by POST.
CODES_IN_A_URL = 40
# So many ids stand in one search for resources by their ids.
IDS_A_QUERY = 20
CATEGORY = "category"
# Before anything that a server can hold.
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A stretch of time by which a search is divided: from `start` to before `end`."""

    parameter: str
    start: datetime
    end: datetime

    @classmethod
    def of_all(cls, parameter: str, since: datetime | None = None) -> Self:
        """All that a server can have, or all since then; also where its clock is ahead."""
        tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
        return cls(parameter=parameter, start=since or LONG_AGO, end=tomorrow)

    @property
    def pairs(self) -> Pairs:
        """The two ends as search parameters."""
        return [
            (self.parameter, f"ge{instant(self.start)}"),
            (self.parameter, f"lt{instant(self.end)}"),
        ]

    def is_without(self, head: Head) -> bool:
        """Whether a resource was changed at another time; not known where it does not say when."""
        updated = head.last_updated if self.parameter == "_lastUpdated" else None
        return updated is not None and not self.start <= updated < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search of one type. Empty `tokens`, `patients` or `ids` ask for any.

    Attributes:
        name: what is asked for, for people.
        type: the resource type.
        tokens: codes as search tokens, `system|code`.
        wanted: codes as search tokens that the server is not asked by: they are looked for here.
        patients: ids of the patients whose resources are wanted.
        ids: ids of the resources that are wanted.
        linked: ids of Patients; those are wanted who were merged into one of them.
        since: only what changed since then, by `_lastUpdated`.
        window: only a part of it.
        extra: other parameters, such as `category`, on which some servers insist.
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
        """Whether it names patients or resources, or is too long for a URL."""
        names_somebody = bool(self.patients or self.ids or self.linked) or self.is_personal
        return names_somebody or len(self.tokens) > CODES_IN_A_URL

    @property
    def is_by_category(self) -> bool:
        """Whether it finds only what has some category, so that nothing shows that all came."""
        return CATEGORY in self.extra

    @property
    def people(self) -> int:
        """How many patients it asks for, by their records or by themselves."""
        return len(self.patients) + (len(self.ids) if self.type == "Patient" else 0)

    @property
    def pairs(self) -> Pairs:
        """The parameters, without those of paging."""
        pairs: Pairs = [
            (name, ",".join(values))
            for name, values in (
                ("_id", self.ids),
                ("link", [f"Patient/{one}" for one in self.linked]),
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
        """The names of the parameters that decide what answers."""
        return {name for name, _ in self.pairs if name != "_elements"}

    def of(self, **changes: object) -> Self:
        """The same with some of its parts changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # dataclasses.replace checks the names.

    def stray(self, head: Head, base: str) -> str | None:
        """The parameter that the server has not heeded, if this resource does not answer.

        What a resource does not say (no subject of this server, no lastUpdated) counts as heeded:
        the mapping judges it.
        """
        if self.ids and head.id not in self.ids:
            return "_id"
        if self.tokens and not has_code(head, self.tokens):
            return "code"
        patient = local_id(head.subject_reference, "Patient", base)
        if self.patients and patient is not None and patient not in self.patients:
            return "patient"
        if self.linked and not any(
            local_id(one, "Patient", base) in self.linked for one in head.links
        ):
            return "link"
        updated = head.last_updated
        if self.since is not None and updated is not None and updated < self.since:
            return "_lastUpdated"
        return None

    def without_code(self) -> Self:
        """The same for a server that is not asked by code: the codes are looked for here."""
        return self.of(tokens=(), wanted=self.tokens or self.wanted)

    def is_wanted(self, head: Head) -> bool:
        """Whether a resource has one of the codes that the server was not asked by."""
        return not self.wanted or has_code(head, self.wanted)


def has_code(head: Head, tokens: Iterable[str]) -> bool:
    """By the code alone: of what system it is, is for the mapping to judge."""
    return not head.codes.isdisjoint(bare(token) for token in tokens)


def in_pieces(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    """So many of them at a time, in their order."""
    for first in range(0, len(items), size):
        yield tuple(items[first : first + size])


def token(system: str, code: str) -> str:
    r"""A search token: `system|code`, or the code alone; `\`, `,`, `|` and `$` are escaped.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    return "|".join(part.translate(_ESCAPES) for part in (system, code) if part)


def bare(token: str) -> str:
    r"""The code of a token without its system, and without the escapes `\,`, `\|`, `\$`, `\\`."""
    code = token.replace(r"\\", "\0").replace(r"\|", "\1").rpartition("|")[2]
    for special in ",$":
        code = code.replace(f"\\{special}", special)
    return code.replace("\1", "|").replace("\0", "\\")


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
