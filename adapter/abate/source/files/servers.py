"""Check that all files are from one server, since two servers may use one id for two patients.

An entry of a Bundle names its server in its `fullUrl` (`https://fhir.example.com/r4/Patient/7`). A
line of NDJSON, or an entry without a `fullUrl`, belongs to `[source] url`. An entry with
`urn:uuid:...` belongs to no server; its id is unique.
"""

import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from abate.errors import SourceError
from abate.http.display import address

_RESTFUL = re.compile(r"(https?://[^?#\s]+)/[A-Z][A-Za-z]{1,39}/[A-Za-z0-9\-.]{1,64}")


class _Versioned(msgspec.Struct):
    meta: Any = None


def base_of(full_url: str) -> str | None:
    """Return the base URL of the server in a `fullUrl`; None if there is none."""
    match = _RESTFUL.fullmatch(full_url)
    return match[1] if match else None


class FileServers:
    """The one server of all files of a study."""

    def __init__(self, own: str) -> None:
        """Set `own` to `[source] url`, the server of resources that name no server."""
        self._own = own
        self._first: tuple[str, str] | None = None
        self._last = ""
        self._local: dict[str, tuple[bytes, str]] = {}

    def note(self, full_url: str, name: str) -> None:
        """Record the server of a resource in the file `name`.

        Raises:
            SourceError: it is from another server than the earlier resources; names both.
        """
        if full_url.startswith("urn:"):
            return
        base = base_of(full_url) or ("" if full_url else self._own)
        if base and base != self._last:
            self._compare(base, name)

    def note_local(self, full_url: str, reference: str, resource: bytes, name: str) -> None:
        """Record an entry whose id is not that of its `urn:`; it may be unique in its Bundle only.

        A server assigns new ids to resources sent by POST. So two Bundles may use one id for two
        patients, and only a version shows that two entries are the same resource.

        Raises:
            SourceError: another resource had this id before, and none has a version.
        """
        identifier = reference.partition("/")[2]
        if not full_url.startswith("urn:") or full_url.lower().endswith(f":{identifier.lower()}"):
            return
        content = hashlib.sha256(resource).digest()
        first, where = self._local.setdefault(reference, (content, name))
        if first != content and not _has_version(resource):
            raise SourceError(_two_resources(reference.partition("/")[0], where, name))

    def _compare(self, base: str, name: str) -> None:
        self._last = base
        if self._first is None:
            self._first = base, name
        elif _key(self._first[0]) != _key(base):
            raise SourceError(_two_servers(self._first, (base, name)))


def _key(base: str) -> tuple[str, str]:
    """Return a key of a base URL; http and https count as the same server."""
    parts = urlsplit(base)
    return parts.netloc.lower(), parts.path.rstrip("/")


def _has_version(resource: bytes) -> bool:
    try:
        meta = msgspec.json.decode(resource, type=_Versioned).meta
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return isinstance(meta, dict) and bool(meta.get("versionId") or meta.get("lastUpdated"))


def _two_resources(kind: str, first: str, second: str) -> str:
    return (
        f"{first} and {second} hold two {kind} resources with the same id, in entries that only a "
        "urn: names, and with other content. They may be two patients', and no meta.lastUpdated "
        "tells which is newer. Nothing was stored. Have the files written with ids that are each "
        "resource's own, such as the UUID of its fullUrl, or with meta.lastUpdated."
    )


def _two_servers(first: tuple[str, str], second: tuple[str, str]) -> str:
    named = " and ".join(f"{address(base)} ({name})" for base, name in (first, second))
    return (
        f"the files are of two servers: {named}. An id of the one may be another patient's on the "
        "other. Nothing was stored. Name the files of one server in [source] files, and that "
        "server in [source] url; study the other server with a study file of its own."
    )
