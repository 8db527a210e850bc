"""The plan of a study's pull: which types, by which codes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from abate.config.reader import Location, WrongSetting
from abate.config.settings import Coded, Settings
from abate.errors import StudyFileError
from abate.fhir.types import INDEX_TYPE, READ, read_type
from abate.mapping.code_lists import Code, CodeLists, resolve
from abate.mapping.roles import Role
from abate.source.query import CATEGORY, Query, token

INDEX = "index procedures"
PATIENTS, PROCEDURES, SCORES = (
    read_type(name).query for name in ("Patient", INDEX_TYPE, "Observation")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The roles of all codes, the queries that follow, and the requested categories by type."""

    roles: tuple[Role, ...]
    page_size: int = 200
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def queries(self) -> tuple[Query, ...]:
        """Return the queries by code, one for each type: everything that the store keeps of it."""
        return tuple(
            Query(
                name=kind.query, type=kind.name, tokens=tuple(tokens), extra=self._extra(kind.name)
            )
            for kind in READ
            if (tokens := self.tokens(*kind.sections))
        )

    @property
    def besides(self) -> tuple[Query, ...]:
        """Return the queries after that of the index procedures, if those are queried first."""
        index = set(self.index.tokens)
        asked = (
            query.of(tokens=tuple(token for token in query.tokens if token not in index))
            if query.type == INDEX_TYPE
            else query
            for query in self.queries
        )
        return tuple(query for query in asked if query.tokens)

    def has_index(self, query: Query) -> bool:
        """Return whether a query is for the index procedures, whose patients all others need."""
        return set(self.index.tokens) <= set(query.tokens)

    def _extra(self, kind: str) -> Mapping[str, str]:
        categories = self.categories.get(kind)
        return {CATEGORY: ",".join(categories)} if categories else {}

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types that are searched by code."""
        return tuple(query.type for query in self.queries)

    @property
    def index(self) -> Query:
        """Return the query of the index procedures only."""
        return Query(
            name=INDEX,
            type=INDEX_TYPE,
            tokens=tuple(self.tokens("index")),
            extra=self._extra(INDEX_TYPE),
        )

    def tokens(self, *roles: str) -> list[str]:
        """Return the distinct codes of these roles as FHIR search tokens."""
        codes = [role.code for role in self.roles if role.role in roles]
        return list(dict.fromkeys(token(code.system, code.code) for code in codes))


def make(settings: Settings, lists: CodeLists) -> Plan:
    """Make the plan of a study.

    Raises:
        WrongSetting: a code list is unknown or empty.
    """
    roles: list[Role] = []
    for role, kind, location, coded in _list_coded(settings):
        codes = _resolve(location, coded, lists)
        roles += [Role(role=role, kind=kind, code=code) for code in codes]
    return Plan(
        roles=tuple(roles),
        page_size=settings.source.page_size,
        categories=settings.source.query.categories,
    )


def _list_coded(settings: Settings) -> Iterable[tuple[str, str, Location, Coded]]:
    yield "index", "index", ("index",), settings.index
    yield "scores", "scores", ("scores",), settings.scores
    named: dict[str, Mapping[str, Coded]] = {
        "adjunct": settings.adjunct,
        "condition": settings.condition,
        "history": settings.history,
        "event": settings.event,
    }
    for role, tables in named.items():
        for kind, coded in tables.items():
            yield role, kind, (role, kind), coded


def _resolve(location: Location, coded: Coded, lists: CodeLists) -> tuple[Code, ...]:
    place = (*location, "codes")
    try:
        codes = resolve(coded.codes, lists)
    except StudyFileError as error:
        raise WrongSetting(place, str(error)) from None
    if not codes:
        named = ", ".join(coded.codes)
        raise WrongSetting(place, f"{named} contains no codes: add yours in [codes] directory.")
    return codes
