"""Protection against requests that a web page in a local browser sends to this server.

A page can make a browser send requests to this machine. It cannot read the answers, unless its own
name resolves to this machine (DNS rebinding): then the Host header has that name. It can send a
form or text without a preflight: then the Origin header has the page's origin, and the media type
is not JSON (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from abate.sandbox.errors import RequestRefused

LOCALHOST = "localhost"


def refuse_foreign(request: Request, hosts: Collection[str]) -> None:
    """Refuse a request from a web page of another origin, or to another host.

    An IP address in the Host header did not come from DNS, so it is trusted.

    Args:
        request: the request.
        hosts: names of this server besides `localhost`.

    Raises:
        RequestRefused: 403.
    """
    host = request.headers.get("Host", "")
    if not _is_own(host, hosts):
        raise RequestRefused(403, "security", "the Host header does not name this server")
    origin = request.headers.get("Origin")
    if origin is not None and _authority(origin) != host:
        raise RequestRefused(403, "security", "the request comes from a web page of another origin")


def _is_own(host: str, hosts: Collection[str]) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in (LOCALHOST, *hosts) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _authority(origin: str) -> str:
    """Return host and port of an Origin header; empty for the origin `null`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
