"""Whether a request was meant for this server, and not sent by a web page in a local browser.

A page can make a browser send requests to this machine. It cannot read the answers, unless its own
name resolves to this machine (DNS rebinding): the Host header then holds that name. It can send a
form, or text, without asking first: the Origin header then holds the page's origin, and the media
type is none of JSON (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from abate.sandbox.errors import RequestRefused

LOCALHOST = "localhost"


def refuse_foreign(request: Request, hosts: Collection[str]) -> None:
    """Stop a request that a web page of another origin made, or that names another host.

    An IP address in the Host header was resolved by nobody, so that it is trusted.

    Args:
        request: as it came.
        hosts: names of this server besides `localhost`.

    Raises:
        Refused: 403.
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
    """Host and port of an Origin header; empty for the origin `null`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
