"""The server that a report goes to: its FHIR release, and why it cannot take a report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from abate.errors import PublishRefused, SourceError
from abate.fhir.capability import Capability, read_capability
from abate.fhir.client import FhirServer
from abate.http import display

Release = Literal["R4", "R5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetServer:
    """A server, and what it says that it can do.

    Attributes:
        server: to read from and to write to.
        release: the FHIR release that it speaks.
        capability: what it says that it can do.
    """

    server: FhirServer
    release: Release
    capability: Capability

    @property
    def base(self) -> str:
        """The base URL."""
        return self.server.base

    def lacks(self, types: Iterable[str]) -> list[str]:
        """Those of the types that it does not take."""
        return [type_ for type_ in sorted(set(types)) if not self.capability.of(type_).offered]

    def closes(self, types: Iterable[str]) -> list[str]:
        """Those that it takes under ids of its own choice only.

        A server may leave updateCreate out and still do it (HAPI 8.8 does): only a no is a no.
        """
        said = map(self.capability.of, sorted(set(types)))
        return [one.type for one in said if one.update_create is False]

    def inability(self, types: Iterable[str]) -> str:
        """Why it cannot take resources of these types; empty if it can."""
        needed = sorted(set(types))
        missing = self.lacks(needed)
        does_not = [
            *([] if self.capability.transaction else ["offer transactions"]),
            *([f"take {', '.join(missing)}"] if missing else []),
        ]
        if does_not:
            return f"{self.base} does not {', and does not '.join(does_not)}"
        if closed := self.closes(needed):
            return (
                f"{self.base} does not let a client choose the id of {', '.join(closed)} "
                "(updateCreate in its CapabilityStatement), so that a second report would double "
                "the first"
            )
        return ""


def target_of(server: FhirServer) -> TargetServer:
    """What a server says of itself.

    Raises:
        SourceError: it does not answer as a FHIR server.
        PublishRefused: it speaks a release of FHIR that a report is not written in.
    """
    statement = _statement(server)
    release = _release(server, statement.get("fhirVersion"))
    return TargetServer(server=server, release=release, capability=read_capability(statement))


def _statement(server: FhirServer) -> Mapping[str, Any]:
    """The CapabilityStatement; an invalid one raises the same error as for a source."""
    answer = server.get("metadata")
    if answer.status == HTTPStatus.OK:
        try:
            found = answer.json()
        except SourceError:
            return server.capability()
        if isinstance(found, dict) and found.get("resourceType") == "CapabilityStatement":
            return found
    return server.capability()


def _release(server: FhirServer, version: Any) -> Release:
    releases: dict[str, Release] = {"4.0": "R4", "5.0": "R5"}
    release = releases.get(".".join(str(version).split(".")[:2]))
    if release is None:
        raise PublishRefused(
            f"{server.base} speaks {display.fhir_version(version)}, and a report is written as R4 "
            "(4.0.1) or R5 (5.0.0): nothing was written. Many servers offer R4 at another base "
            "URL, as /r4."
        )
    return release
