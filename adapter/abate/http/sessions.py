"""HTTP sessions, one for each thread, since requests does not promise thread safety.

A thread's session keeps its connections and cookies. All pages of a search are requested by one
thread, so that a load balancer with sticky cookies sends them to one server.
"""

import logging
import threading
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from abate.http.access import Access, OwnOrigin
from abate.http.bounded_socket import BoundedAdapter, ReadBounds
from abate.http.urls import origin

# Without no-cache, HAPI 8.8 as shipped answers a repeated search up to a minute stale; with
# no-store it gives one page and a wrong total (2026-11).
HEADERS = {
    "User-Agent": "abate",
    "Cache-Control": "no-cache",
    "Accept-Encoding": "gzip",
}
# Its log messages contain whole URLs, and so the ids of patients.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class _Session(requests.Session):
    """A session that reads the proxies from the environment once, not for each request."""

    def __init__(self) -> None:
        super().__init__()
        self._environment: dict[tuple[str, str | None, int | None], Any] = {}

    def merge_environment_settings(self, url: Any, *given: Any) -> Any:
        """Cache the settings, since `given` is the same for all requests of a session."""
        host = origin(url)
        if host not in self._environment:
            self._environment[host] = super().merge_environment_settings(url, *given)
        return self._environment[host]


class Sessions:
    """The sessions of all threads; each is made when its thread first needs it."""

    def __init__(self, make: Callable[[], requests.Session]) -> None:
        """Make each thread's session by `make`."""
        self._make = make
        self._mine = threading.local()
        self._all: list[requests.Session] = []  # Appending to a list is safe for threads.

    def mine(self) -> requests.Session:
        """Return the session of this thread."""
        session: requests.Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = self._make()
            self._all.append(session)
        return session

    def close(self) -> None:
        """Close all sessions; a session that is used again opens new connections."""
        for session in self._all:
            session.close()


def known(base: str, access: Access, reading: ReadBounds) -> requests.Session:
    """Make a session to the study's server, with its login and the client certificate."""
    session = _bare(reading)
    session.auth = OwnOrigin(base, access.login)
    session.cert = access.cert
    return session


def stranger(reading: ReadBounds) -> requests.Session:
    """Make a session to external storage; it sends no login and keeps no cookies."""
    session = _bare(reading)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _bare(reading: ReadBounds) -> requests.Session:
    session = _Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter(reading))
    session.headers.update(HEADERS)
    session.auth = _no_login
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no login; without an auth function, requests would use a .netrc file."""
    return request
