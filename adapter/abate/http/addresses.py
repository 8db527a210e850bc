"""What a URL says of where it leads."""

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str | None, int | None]


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
