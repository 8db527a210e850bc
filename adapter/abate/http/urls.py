"""Where a URL leads: this machine, our server, the same under another name, or elsewhere."""

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from abate.errors import SourceError
from abate.http import display

# Opensrp's fhircore wrote a port twice on every page, as in https://host:443:443/fhir (2022).
_PORT_TWICE = re.compile(r"^(https?://[^/?#]*?):(\d+):\2(?=[/?#]|$)", re.IGNORECASE)
_FHIR_PATH = re.compile(r"/?|/[A-Z][A-Za-z]+(/.*)?|/[_$].*")
_WEB = ("http", "https")
# The id of a resource that is a patient's, in a path.
_ID = re.compile(r"(/(?:Patient|Procedure|Condition|Observation|Encounter)/)(?![_$])[^/]+")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str | None, int | None]


class SentAway(SourceError):
    """The server sends us to a place that we do not go to."""


def place_of(url: str) -> str:
    """A URL of our own making without what may be secret: login, query, fragment, and an id."""
    path = _ID.sub(r"\1[id]", urlsplit(url).path)
    return f"{display.origin(url)}{path}"


def join(start: str, url: str) -> str:
    """`url` made absolute, as a link that was found at `start`.

    Raises:
        SourceError: it is no URL.
    """
    try:
        absolute = urljoin(start, _PORT_TWICE.sub(r"\1:\2", url.strip()))
        origin(absolute)
    except ValueError:
        place = place_of(start).rstrip("/")
        raise SourceError(f"{place} sends us on to a text that is no URL") from None
    return absolute


def at_home(base: str, url: str) -> str | None:
    """`url` on the origin of `base`, if it is the same server by another name; else None.

    Behind a proxy a server may call itself by an internal name, a wrong port, or http. Its links
    then have the path of our base, and are asked for where our base is, and nowhere else.
    """
    ours, link = urlsplit(base), urlsplit(url)
    if origin(url) != origin(base) and not _is_below(ours, link):
        return None
    return urlunsplit((ours.scheme, ours.netloc, link.path, link.query, ""))


def sent_away(place: str, target: str) -> SentAway:
    """The error where a server sends us to a place that we do not go to."""
    return SentAway(
        f"{place} sends us on to {display.address(target)}, which is not followed: use the address "
        "that the server calls itself by"
    )


def _is_below(base: SplitResult, link: SplitResult) -> bool:
    """Whether a path begins with the base's; below the root of a host, it must look like FHIR."""
    if link.scheme not in _WEB or ".." in link.path.split("/"):
        return False
    rest = link.path.removeprefix(base.path)
    if base.path:
        return link.path.startswith(base.path) and rest[:1] in ("", "/")
    return _FHIR_PATH.fullmatch(rest) is not None


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent: https, or it stays on this machine."""
    return urlsplit(url).scheme == "https" or is_loopback(url)


def origin(url: str) -> Origin:
    """Scheme, host and port: what a login or a cookie belongs to.

    Raises:
        ValueError: it is no URL.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
