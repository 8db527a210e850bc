"""The server that a report goes to: its FHIR release, and why it cannot take a report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from abate.errors import PublishRefused, SourceError
from abate.fhir.capability import Capability, read_capability
from abate.fhir.client import FhirServer
from abate.http import display
from abate.telemetry.log import SILENT, Log

Release = Literal["R4", "R5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetServer:
    """A server that gets a report.

    Attributes:
        server: its client.
        release: its FHIR release, R4 or R5.
        capability: what its CapabilityStatement says.
        log: the logger.
    """

    server: FhirServer
    release: Release
    capability: Capability
    log: Log = field(default_factory=lambda: SILENT)

    @property
    def base(self) -> str:
        """The base URL."""
        return self.server.base

    def lacks(self, types: Iterable[str]) -> list[str]:
        """Return the types that it does not take."""
        return [kind for kind in sorted(set(types)) if not self.capability.of(kind).offered]

    def closes(self, types: Iterable[str]) -> list[str]:
        """Return the types that it takes only under ids that it chooses.

        Only `updateCreate: false` counts: a server may leave it out and still allow it, as HAPI
        8.8 does (2026-11).
        """
        capabilities = map(self.capability.of, sorted(set(types)))
        return [capability.type for capability in capabilities if capability.update_create is False]

    def inability(self, types: Iterable[str]) -> str:
        """Return why it cannot take resources of these types; empty if it can."""
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
                "(updateCreate in its CapabilityStatement), so a second report would duplicate "
                "the first"
            )
        return ""


def target_of(server: FhirServer, log: Log = SILENT) -> TargetServer:
    """Read the CapabilityStatement of a target.

    Raises:
        SourceError: it does not answer as a FHIR server.
        PublishRefused: its release of FHIR is neither R4 nor R5.
    """
    statement = _statement(server)
    release = _release(server, statement.get("fhirVersion"))
    return TargetServer(
        server=server, release=release, capability=read_capability(statement), log=log
    )


def _statement(server: FhirServer) -> Mapping[str, Any]:
    """Return the CapabilityStatement; an invalid one raises the same error as for a source."""
    answer = server.get("metadata")
    if answer.status == HTTPStatus.OK:
        try:
            content = answer.json()
        except SourceError:
            return server.capability()
        if isinstance(content, dict) and content.get("resourceType") == "CapabilityStatement":
            return content
    return server.capability()


def _release(server: FhirServer, version: Any) -> Release:
    releases: dict[str, Release] = {"4.0": "R4", "5.0": "R5"}
    release = releases.get(".".join(str(version).split(".")[:2]))
    if release is None:
        raise PublishRefused(
            f"{server.base} uses {display.fhir_version(version)}, and a report is written as R4 "
            "(4.0.1) or R5 (5.0.0): nothing was written. Many servers offer R4 at another base "
            "URL, such as /r4."
        )
    return release
