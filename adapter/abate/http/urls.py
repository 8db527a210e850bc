"""Classify URLs: this machine, the study's server, the same server by another name, or others."""

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from abate.errors import SourceError
from abate.http import display

# Opensrp's fhircore wrote a port twice on every page, as in https://host:443:443/fhir (2022).
_PORT_TWICE = re.compile(r"^(https?://[^/?#]*?):(\d+):\2(?=[/?#]|$)", re.IGNORECASE)
_FHIR_PATH = re.compile(r"/?|/[A-Z][A-Za-z]+(/.*)?|/[_$].*")
_WEB = ("http", "https")
# The id of a patient's resource in a path.
_ID = re.compile(r"(/(?:Patient|Procedure|Condition|Observation|Encounter)/)(?![_$])[^/]+")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str | None, int | None]


class SentAway(SourceError):
    """The server refers to a location that is not allowed."""


def place_of(url: str) -> str:
    """Return a URL made by abate without its private parts: login, query, fragment and ids."""
    path = _ID.sub(r"\1[id]", urlsplit(url).path)
    return f"{display.origin(url)}{path}"


def join(start: str, url: str) -> str:
    """Make a link that was found at `start` absolute.

    Raises:
        SourceError: the link is not a URL.
    """
    try:
        absolute = urljoin(start, _PORT_TWICE.sub(r"\1:\2", url.strip()))
        origin(absolute)
    except ValueError:
        place = place_of(start).rstrip("/")
        raise SourceError(f"{place} refers to a text that is not a URL") from None
    return absolute


def at_home(base: str, url: str) -> str | None:
    """Return `url` on the origin of `base` if it is the same server by another name; else None.

    Behind a proxy, a server may use an internal name, a wrong port, or http in its links. Such
    links have the path of `base`, and are requested from the origin of `base` only.
    """
    ours, link = urlsplit(base), urlsplit(url)
    if origin(url) != origin(base) and not _is_below(ours, link):
        return None
    return urlunsplit((ours.scheme, ours.netloc, link.path, link.query, ""))


def sent_away(place: str, target: str) -> SentAway:
    """Return the error for a reference to a location that is not allowed."""
    return SentAway(
        f"{place} refers to {display.address(target)}, which is not followed. Use the base URL "
        "that the server uses for itself"
    )


def _is_below(base: SplitResult, link: SplitResult) -> bool:
    """Return whether a path is below the base's; at the root of a host, it must look like FHIR."""
    if link.scheme not in _WEB or ".." in link.path.split("/"):
        return False
    rest = link.path.removeprefix(base.path)
    if base.path:
        return link.path.startswith(base.path) and rest[:1] in ("", "/")
    return _FHIR_PATH.fullmatch(rest) is not None


def is_loopback(url: str) -> bool:
    """Return whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(url: str) -> bool:
    """Return whether the connection is private: https, or to this machine."""
    return urlsplit(url).scheme == "https" or is_loopback(url)


def origin(url: str) -> Origin:
    """Return scheme, host and port, which a login or a cookie belongs to.

    Raises:
        ValueError: the text is not a URL.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
