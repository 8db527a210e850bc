"""Read responses within time limits, so that a server cannot delay a pull by sending slowly.

The timeout of requests applies to each single read. http.client reads the head of a response and
the lengths of its chunks itself, even if the server sends one byte at a time. Here, each read of
the socket first checks whether the pull may continue, and waits for one second at most. So the end
of the budget, or of the pull, also ends the read. http.client reads from a file object that it
makes from the socket; this module replaces that object.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from math import inf
from socket import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from abate.http import clock

_LOOK_SECONDS = 1.0


class HeadLate(Exception):
    """The head of a response is not complete in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBounds:
    """The limits on reading responses.

    Attributes:
        refuse: raises an error if reading must stop.
        head_seconds: how long the head of a response may take.
    """

    refuse: Callable[[], None]
    head_seconds: float


class _File(RawIOBase):
    """A socket as a file object that is read within limits."""

    _raw: RawIOBase | None = None

    def __init__(self, raw: RawIOBase, connected: socket, reading: ReadBounds) -> None:
        """Read from `connected`, which `raw` keeps open; the socket's timeout is for each piece."""
        self._raw, self._socket, self._reading = raw, connected, reading
        self._seconds = connected.gettimeout() or inf
        self.end = inf

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._seconds
        while True:
            self._reading.refuse()
            if clock.now() > self.end:
                raise HeadLate
            look = min(_LOOK_SECONDS, left)
            self._socket.settimeout(look)
            try:
                return self._socket.recv_into(buffer)
            except TimeoutError:
                left -= look
                if left <= 0:
                    raise

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """A response that is read within limits."""

    def __init__(
        self, connected: socket, *arguments: Any, reading: ReadBounds, **named: Any
    ) -> None:
        super().__init__(connected, *arguments, **named)
        self._seconds = reading.head_seconds
        # A signal may end this at any point: what is half made must be closable.
        nothing: Any = None
        whole, self.fp = self.fp, nothing
        self._file = _File(whole.detach(), connected, reading)
        self.fp = BufferedReader(self._file)

    def begin(self) -> None:
        self._file.end = clock.now() + self._seconds
        super().begin()
        self._file.end = inf


class BoundedAdapter(HTTPAdapter):
    """The adapter of a session whose responses are read within limits."""

    def __init__(self, reading: ReadBounds) -> None:
        """Apply the limits `reading` to all responses."""
        self._pools = {
            "http": _bound(HTTPConnectionPool, HTTPConnection, reading),
            "https": _bound(HTTPSConnectionPool, HTTPSConnection, reading),
        }
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """As requests makes it, with our connections."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> PoolManager:
        """As requests makes it, with our connections."""
        manager: PoolManager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _bound(
    pool: type[HTTPConnectionPool], connection: type[HTTPConnection], reading: ReadBounds
) -> type[HTTPConnectionPool]:
    """Return a pool class whose connections read responses within limits."""
    response = partial(_BoundedResponse, reading=reading)
    bounded = type(connection.__name__, (connection,), {"response_class": staticmethod(response)})
    return type(pool.__name__, (pool,), {"ConnectionCls": bounded})
