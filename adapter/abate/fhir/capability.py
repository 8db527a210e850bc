"""The CapabilityStatement of a server, checked and read."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from abate.errors import SourceError
from abate.http import display
from abate.http.failures import TRANSIENT
from abate.http.response import Answer

_ITS_URL = "its URL"
# As https://hl7.org/fhir/uv/bulkdata names them; some servers have all three at the system (2026).
_EXPORTS = {"export": "system", "patient-export": "Patient", "group-export": "Group"}
# https://hl7.org/fhir/R4/valueset-versioning-policy.html: only the last one honours If-Match.
_VERSIONING = {"no-version": False, "versioned": False, "versioned-update": True}
# The search parameters that abate uses.
_PARAMETERS = ("_id", "_lastUpdated", "code", "date", "identifier", "patient", "subject")


class TypeCapability(msgspec.Struct, frozen=True, kw_only=True):
    """What a CapabilityStatement says of one type; None where it says nothing."""

    type: str
    offered: bool
    read: bool = False
    search: bool = False
    create: bool = False
    update: bool = False
    update_create: bool | None = None
    conditional_update: bool | None = None
    heeds_versions: bool | None = None
    parameters: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """What a CapabilityStatement says of the server and of some types.

    `exports` has the levels of Bulk Data export that it names: `system`, `Patient`, `Group`.
    """

    software: str
    version: str
    fhir_version: str
    formats: tuple[str, ...]
    transaction: bool
    types: tuple[TypeCapability, ...]
    exports: tuple[str, ...] = ()

    def of(self, kind: str) -> TypeCapability:
        """Return what it says of a type."""
        return next(
            (capability for capability in self.types if capability.type == kind),
            TypeCapability(type=kind, offered=False),
        )

    @property
    def has_patient_history(self) -> bool:
        """Whether the server has the history of Patients, with their deletions."""
        return "history-type" in self.of("Patient").interactions


def read_capability(statement: Mapping[str, Any], kinds: Iterable[str] | None = None) -> Capability:
    """Read what a CapabilityStatement says of a server and of `kinds`, or of all types in it.

    An element that does not have the shape of FHIR counts as absent.
    """
    rests = _tables(statement.get("rest"))
    # A statement may have an entry for what the server does as a client of others.
    [rest, *_] = [*(rest for rest in rests if rest.get("mode") == "server"), *rests, {}]
    offered = {str(table.get("type")): table for table in _tables(rest.get("resource"))}
    software = _table(statement.get("software"))
    return Capability(
        software=display.one_line(software.get("name")) or "not said",
        version=display.one_line(software.get("version")),
        fhir_version=display.one_line(statement.get("fhirVersion")),
        formats=tuple(filter(None, map(display.one_line, _list(statement.get("format"))))),
        transaction="transaction" in _codes(rest),
        types=tuple(_type_capability(kind, offered.get(kind)) for kind in kinds or offered),
        exports=_exports(rest, offered),
    )


def r4(base: str, answer: Answer) -> Mapping[str, Any]:
    """Return the CapabilityStatement of a FHIR R4 server.

    Raises:
        SourceError: the answer is not the CapabilityStatement of an R4 server; the message says
            what to do.
    """
    if answer.status != HTTPStatus.OK:
        if answer.status in TRANSIENT:
            raise SourceError(
                f"{answer.place} answered {answer.status}, and again to each retry: the server has "
                "a problem. Try later."
            )
        raise _no_fhir(f"{answer.place} answered {answer.status}")
    try:
        statement = answer.json()
    except SourceError as error:
        raise _no_fhir(str(error)) from None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise _no_fhir(f"{answer.place} answered with JSON that is not a CapabilityStatement")
    version = statement.get("fhirVersion")
    if version != "4.0" and not str(version).startswith("4.0."):
        raise SourceError(
            f"{base} uses {display.fhir_version(version)}, and abate needs R4 (4.0.1). "
            "Many servers offer R4 at another base URL, such as /r4."
        )
    return statement


def _no_fhir(fault: str) -> SourceError:
    return SourceError(
        f"{fault}: this is not the base URL of a FHIR server. Check {_ITS_URL}; it often ends in "
        "/fhir or /r4."
    )


def _type_capability(kind: str, statement: Mapping[str, Any] | None) -> TypeCapability:
    if statement is None:
        return TypeCapability(type=kind, offered=False)
    codes = _codes(statement)
    names = {table.get("name") for table in _tables(statement.get("searchParam"))}
    return TypeCapability(
        type=kind,
        offered=True,
        read="read" in codes,
        search="search-type" in codes,
        create="create" in codes,
        update="update" in codes,
        update_create=_flag(statement.get("updateCreate")),
        conditional_update=_flag(statement.get("conditionalUpdate")),
        heeds_versions=_VERSIONING.get(str(statement.get("versioning"))),
        parameters=tuple(name for name in _PARAMETERS if name in names),
        interactions=tuple(sorted(codes)),
    )


def _exports(rest: Mapping[str, Any], offered: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    levels = {_EXPORTS.get(name) for name in _operations(rest)}
    for kind in ("Patient", "Group"):
        if not _operations(offered.get(kind, {})).isdisjoint(_EXPORTS):
            levels.add(kind)
    return tuple(level for level in _EXPORTS.values() if level in levels)


def _operations(table: Mapping[str, Any]) -> set[str]:
    names = (operation.get("name") for operation in _tables(table.get("operation")))
    return {str(name).removeprefix("$") for name in names}


def _codes(table: Mapping[str, Any]) -> set[str]:
    return {str(entry.get("code")) for entry in _tables(table.get("interaction"))}


def _flag(element: Any) -> bool | None:
    return element if isinstance(element, bool) else None


def _table(element: Any) -> Mapping[str, Any]:
    return element if isinstance(element, dict) else {}


def _list(element: Any) -> list[Any]:
    return element if isinstance(element, list) else []


def _tables(element: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in _list(element) if isinstance(entry, dict)]
