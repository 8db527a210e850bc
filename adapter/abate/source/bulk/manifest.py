"""The manifest of a Bulk Data export: its files and its transaction time.

https://hl7.org/fhir/uv/bulkdata/STU3/export.html#response---complete-status
"""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from abate.errors import IncompletePull, SourceError
from abate.http import display
from abate.http.urls import join, origin

# A server writes `2026-03-01T12:00:00+00:00Z` (2026).
_TWO_ZONES = re.compile(r"([+-]\d\d:\d\d)Z$")


class File(msgspec.Struct, frozen=True):
    """One file of an export; its `type` and `count` are the server's claims, and may be wrong."""

    url: str
    type: Any = None
    count: Any = None

    @property
    def kind(self) -> str:
        """The resource type, safe for a file name."""
        return str(self.type) if display.is_type(self.type) else "mixed"

    @property
    def least(self) -> int:
        """The minimum number of lines; an export should not list empty files."""
        return max(self.count, 1) if isinstance(self.count, int) else 1


class ManifestLink(msgspec.Struct, frozen=True):
    """A link of a manifest that has several pages."""

    relation: Any = None


class Manifest(msgspec.Struct, frozen=True):
    """The content of a manifest."""

    output: list[File]
    transactionTime: Any = None  # noqa: N815 - the specification's own name
    requiresAccessToken: Any = None  # noqa: N815 - the same
    deleted: list[File] | None = None
    error: list[File] | None = None
    outcome: list[File] | None = None
    link: list[ManifestLink] = []

    @property
    def moment(self) -> datetime | None:
        """The time, by the server's clock, up to which the export is complete, or None."""
        text = _TWO_ZONES.sub(r"\1", str(self.transactionTime))
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return None
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

    @property
    def outcomes(self) -> list[File]:
        """The files of OperationOutcomes; version 4 has another name for them."""
        return [*(self.error or []), *(self.outcome or [])]

    def is_authorised(self, file: File, base: str) -> bool:
        """Return whether to send the login with a file; by default only to the study's server."""
        if isinstance(self.requiresAccessToken, bool):
            return self.requiresAccessToken
        return origin(join(f"{base}/", file.url)) == origin(base)


def manifest_of(body: bytes, place: str) -> Manifest:
    """Read a manifest.

    Raises:
        IncompletePull: it is not a manifest, or has neither a file nor a transactionTime.
        SourceError: it is one page of several, which was not requested.
    """
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise IncompletePull(f"{place} answered 200 without an export manifest") from None
    if not manifest.output and manifest.moment is None:
        raise IncompletePull(
            f"{place} answered 200 without an export manifest: the answer has neither a file nor a "
            "transactionTime"
        )
    if any(link.relation == "next" for link in manifest.link):
        raise SourceError(f"{place} sends its manifest in several parts, which was not requested")
    return manifest
