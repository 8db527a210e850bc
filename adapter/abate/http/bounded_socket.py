"""Answers that are read within bounds: a server cannot hold a pull by sending byte after byte.

The timeout of requests is for each piece that comes. The head of an answer, and the lengths of its
chunks, are read inside of http.client, a byte at a time if the server wants it so. Here each look
at the socket asks first whether the pull may go on, and none takes longer than a second: so the
budget's end, or the end of the pull, cuts the socket. http.client reads from a file that it makes
of the socket; that file is replaced.
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
    """The head of an answer does not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBounds:
    """What bounds the reading of answers.

    Attributes:
        refuse: raises where nothing may be read any more.
        head_seconds: how long the head of an answer may take.
    """

    refuse: Callable[[], None]
    head_seconds: float


class _File(RawIOBase):
    """A socket as a file that is read within bounds."""

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
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """An answer that is read within bounds."""

    def __init__(
        self, connected: socket, *arguments: Any, reading: ReadBounds, **named: Any
    ) -> None:
        super().__init__(connected, *arguments, **named)
        self._seconds = reading.head_seconds
        self._file = _File(self.fp.detach(), connected, reading)
        self.fp = BufferedReader(self._file)

    def begin(self) -> None:
        self._file.end = clock.now() + self._seconds
        super().begin()
        self._file.end = inf


class BoundedAdapter(HTTPAdapter):
    """What a session sends by: its answers are read within bounds."""

    def __init__(self, reading: ReadBounds) -> None:
        """Bound all answers by `reading`."""
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
    """The same kind of pool, with connections whose answers are bounded."""
    response = partial(_BoundedResponse, reading=reading)
    bounded = type(connection.__name__, (connection,), {"response_class": staticmethod(response)})
    return type(pool.__name__, (pool,), {"ConnectionCls": bounded})
