"""The sandbox as a WSGI application.

For demos, tests and authors of plugins; not for production.
"""

import logging
import traceback
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from abate.sandbox.endpoints import ROUTES, Endpoints
from abate.sandbox.errors import RequestRefused
from abate.sandbox.loading import load
from abate.sandbox.own_host import refuse_foreign
from abate.sandbox.requests import check_arguments
from abate.sandbox.responses import refusal_response
from abate.sandbox.search.pages import Pages
from abate.sandbox.store import SandboxStore

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOG = logging.getLogger(__name__)
_ISSUES = {404: "not-found", 405: "not-supported"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A FHIR R4 server in memory, as a WSGI application below `/fhir`.

    Args:
        page_size: the number of resources on a page of a search without `_count`.
        maximum_page_size: the maximum of `_count`.
        clock: returns the time for `meta.lastUpdated`, with a time zone.
        referential_integrity: refuse a reference to a resource that has never existed.
        hosts: the names by which clients reach it, besides `localhost` and IP addresses.
    """

    def __init__(
        self,
        *,
        page_size: int = 20,
        maximum_page_size: int = 1000,
        clock: Callable[[], datetime] = _utc_now,
        referential_integrity: bool = True,
        hosts: Collection[str] = (),
    ) -> None:
        self._hosts = hosts
        self._store = SandboxStore(clock, referential_integrity=referential_integrity)
        pages = Pages(self._store, page_size=page_size, maximum_page_size=maximum_page_size)
        self._endpoints = Endpoints(self._store, pages, clock().astimezone(UTC))

    def load(self, path: Path) -> int:
        """Load a Bundle, a single resource, or NDJSON, and return the number of resources.

        Raises:
            AbateError: names the file and the line or entry; no resource of it was loaded.
        """
        return load(self._store, path)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        return self._answer(_request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            return self._dispatch(request)
        except RequestRefused as refused:
            return refusal_response(refused)
        except HTTPException as error:
            return _http_refusal(error)
        except Exception as error:
            _log(error)
            return refusal_response(
                RequestRefused(500, "exception", "the sandbox failed: see its log")
            )

    def _dispatch(self, request: Request) -> Response:
        refuse_foreign(request, self._hosts)
        endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
        check_arguments(arguments)
        request.get_data()  # Read before the store is locked: a client may be slow.
        with self._store.changes():
            response: Response = getattr(self._endpoints, endpoint)(request, **arguments)
        return response


def _request(environ: "WSGIEnvironment") -> Request:
    """Return the request; a proxy or test that replays it may have read its body already."""
    in_front = environ.get("werkzeug.request")
    if isinstance(in_front, Request):
        environ = {**environ, "wsgi.input": BytesIO(in_front.get_data())}
    return Request(environ)


def _http_refusal(error: HTTPException) -> Response:
    """Return the refusal by Werkzeug: an unknown URL or method, or a broken Host header."""
    status = error.code or 500
    refused = RequestRefused(
        status, _ISSUES.get(status, "invalid"), f"{error.name}: interaction not supported"
    )
    methods = getattr(error, "valid_methods", None)
    return refusal_response(refused, {"Allow": ", ".join(sorted(methods))} if methods else None)


def _log(error: Exception) -> None:
    """Log only the place of an error: its message may quote a resource."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s in the sandbox\n%s", type(error).__name__, frames)
