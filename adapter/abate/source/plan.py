"""What a study needs from a server: which types, by which codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from abate.codes import Code, CodeLists, resolve
from abate.errors import StudyFileError
from abate.settings import Coded, StudyFile
from abate.source.query import Query
from abate.study_file import Location, complain

INDEX = "index procedures"
PROCEDURES = "procedures"
SCORES = "pain scores"
PATIENTS = "patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a code is to the study: `index`, `scores`, or an `adjunct`, `condition`, ... by name."""

    role: str
    kind: str
    code: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The roles of all codes, and from them what to ask for."""

    roles: tuple[Role, ...]
    page_size: int = 200

    @property
    def queries(self) -> tuple[Query, ...]:
        """What is asked for by code, one query a type: all that the store keeps of that type."""
        asked = (
            (PROCEDURES, "Procedure", ("index", "adjunct", "history")),
            (SCORES, "Observation", ("scores",)),
            ("conditions", "Condition", ("condition", "event")),
        )
        return tuple(
            Query(name=name, type=kind, tokens=tuple(tokens))
            for name, kind, roles in asked
            if (tokens := self.tokens(*roles))
        )

    @property
    def index(self) -> Query:
        """The index procedures alone."""
        return Query(name=INDEX, type="Procedure", tokens=tuple(self.tokens("index")))

    def tokens(self, *roles: str) -> list[str]:
        """The codes of these roles as FHIR search tokens, each once."""
        codes = [one.code for one in self.roles if one.role in roles]
        return list(dict.fromkeys(f"{_escape(c.system)}|{_escape(c.code)}" for c in codes))


def make(study_file: StudyFile, lists: CodeLists) -> Plan:
    """The plan of a study.

    Raises:
        StudyFileError: a code list is unknown or empty; names the key and its line.
    """
    settings = study_file.settings
    roles: list[Role] = []
    for role, kind, location, coded in _coded(study_file):
        codes = _resolve(study_file, location, coded, lists)
        roles += [Role(role=role, kind=kind, code=code) for code in codes]
    return Plan(roles=tuple(roles), page_size=settings.source.page_size)


def _coded(study_file: StudyFile) -> Iterable[tuple[str, str, Location, Coded]]:
    settings = study_file.settings
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


def _resolve(
    study_file: StudyFile, location: Location, coded: Coded, lists: CodeLists
) -> tuple[Code, ...]:
    place = (*location, "codes")
    try:
        codes = resolve(coded.codes, lists)
    except StudyFileError as error:
        raise complain(study_file, place, str(error)) from None
    if not codes:
        named = ", ".join(coded.codes)
        raise complain(study_file, place, f"{named} holds no code: add yours in [codes] directory.")
    return codes


def _escape(text: str) -> str:
    r"""Escape `\`, `,`, `|` and `$` of a search value: https://hl7.org/fhir/R4/search.html#escaping."""
    for special in "\\,|$":
        text = text.replace(special, f"\\{special}")
    return text
