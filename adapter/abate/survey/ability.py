"""What a server says of itself: its CapabilityStatement, read for what abate needs."""

from collections.abc import Mapping
from typing import Any

from abate.resource_types import READ_NAMES, WRITTEN_NAMES
from abate.survey.found import Ability, Server

# As https://hl7.org/fhir/uv/bulkdata names them; some servers have all three at the system (2026).
_EXPORTS = {"export": "system", "patient-export": "Patient", "group-export": "Group"}
# https://hl7.org/fhir/R4/valueset-versioning-policy.html: only the last one heeds If-Match.
_VERSIONING = {"no-version": False, "versioned": False, "versioned-update": True}
PARAMETERS = ("_id", "_lastUpdated", "code", "date", "identifier", "patient", "subject")


def read(statement: Mapping[str, Any]) -> Server:
    """The server by a CapabilityStatement; what has no shape of FHIR's counts as not said."""
    rest = next(iter(_tables(statement.get("rest"))), {})
    offered = {str(one.get("type")): one for one in _tables(rest.get("resource"))}
    software = _table(statement.get("software"))
    kinds = dict.fromkeys([*READ_NAMES, *WRITTEN_NAMES])
    return Server(
        software=plain(software.get("name")) or "not said",
        version=plain(software.get("version")),
        fhir_version=plain(statement.get("fhirVersion")),
        formats=tuple(filter(None, map(plain, _list(statement.get("format"))))),
        transaction="transaction" in _codes(rest),
        types=tuple(_ability(kind, offered.get(kind)) for kind in kinds),
        exports=_exports(rest, offered),
    )


def plain(text: Any, longest: int = 80) -> str:
    """A text from a server on one short line, without control characters."""
    if not isinstance(text, str):
        return ""
    printed = "".join(one if one.isprintable() else " " for one in text[: 4 * longest])
    line = " ".join(printed.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def _ability(kind: str, said: Mapping[str, Any] | None) -> Ability:
    if said is None:
        return Ability(type=kind, offered=False)
    codes = _codes(said)
    names = {one.get("name") for one in _tables(said.get("searchParam"))}
    return Ability(
        type=kind,
        offered=True,
        read="read" in codes,
        search="search-type" in codes,
        create="create" in codes,
        update="update" in codes,
        update_create=_flag(said.get("updateCreate")),
        conditional_update=_flag(said.get("conditionalUpdate")),
        heeds_versions=_VERSIONING.get(str(said.get("versioning"))),
        parameters=tuple(name for name in PARAMETERS if name in names),
        interactions=tuple(sorted(codes)),
    )


def _exports(rest: Mapping[str, Any], offered: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What it says that it exports."""
    levels = {_EXPORTS.get(name) for name in _operations(rest)}
    for kind in ("Patient", "Group"):
        if not _operations(offered.get(kind, {})).isdisjoint(_EXPORTS):
            levels.add(kind)
    return tuple(level for level in _EXPORTS.values() if level in levels)


def _operations(said: Mapping[str, Any]) -> set[str]:
    return {str(one.get("name")).removeprefix("$") for one in _tables(said.get("operation"))}


def _codes(said: Mapping[str, Any]) -> set[Any]:
    return {str(one.get("code")) for one in _tables(said.get("interaction"))}


def _flag(said: Any) -> bool | None:
    return said if isinstance(said, bool) else None


def _table(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _tables(said: Any) -> list[Mapping[str, Any]]:
    return [one for one in _list(said) if isinstance(one, dict)]
