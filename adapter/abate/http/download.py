"""Download a large NDJSON file to disk, in bounded memory; no partial file is kept."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import msgspec
import requests

from abate.errors import SourceError, disk_errors
from abate.http import display
from abate.http.body import TooLarge, receive
from abate.http.budget import LARGEST_ANSWER
from abate.http.failures import (
    EXPIRED_LINK,
    REDIRECT,
    TRANSIENT,
    damage,
    refuse_flawed,
    refuse_page,
)
from abate.http.response import Answer
from abate.http.transport import Request, Transport
from abate.http.urls import is_loopback, join, origin, sent_away

# Some servers send a Binary resource unless NDJSON is requested (HAPI 8.8, 2026-11).
HEADERS = {"Accept": "application/fhir+ndjson, application/x-ndjson;q=0.9, */*;q=0.5"}
REDIRECTS = 5
# Of gzip and of zstd.
MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PRIVATE = 0o600


class LinkExpired(SourceError):
    """The link to a file is no longer valid (403, 410); a new link must be requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """The size of a downloaded file, decompressed; the last line may lack a newline."""

    bytes: int
    lines: int


class Lines:
    """An NDJSON file that each attempt starts again, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Write to `path`; an existing file is replaced."""
        self._path = path
        self._bytes = self._ends = 0
        self._last = bytearray()
        self._is_packed = False

    @property
    def written(self) -> Downloaded:
        """Return the size of the file of the last attempt."""
        return Downloaded(bytes=self._bytes, lines=self._ends + bool(self._last))

    def fill(self, receive_into: Callable[[Callable[[bytes], object]], None]) -> None:
        """Start the file again, and write the received chunks.

        Raises:
            StoreError: the file cannot be written.
        """
        self._bytes = self._ends = 0
        self._last.clear()
        with disk_errors(f"{self._path} cannot be written"):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(descriptor, "wb") as file:
                receive_into(lambda piece: self._write(file, piece))

    def remove(self) -> None:
        """Delete an incomplete file."""
        if self._path.is_file():
            self._path.unlink()

    @property
    def is_cut_off(self) -> bool:
        """Return whether the file is truncated: its last line has no newline and is not JSON.

        In a compressed file, the decompression detects this.
        """
        if self._is_packed or not self._last.strip():
            return False
        try:
            msgspec.json.decode(self._last, type=msgspec.Raw)
        except msgspec.MsgspecError:
            return True
        return False

    def _write(self, file: BinaryIO, piece: bytes) -> None:
        if not self._bytes:
            self._is_packed = piece.startswith(MAGIC)
        file.write(piece)
        self._bytes += len(piece)
        self._ends += piece.count(b"\n")
        _, end, tail = piece.rpartition(b"\n")
        if end:
            self._last.clear()
        self._last += tail
        if len(self._last) > LARGEST_ANSWER:
            raise TooLarge(f"a line of the file is longer than {LARGEST_ANSWER / 1_000_000:.0f} MB")


def fetch(transport: Transport, url: str, lines: Lines, *, is_known: bool) -> Answer:
    """Try once to download a file; return the head of the response. The body goes to `lines`.

    Redirects are followed; the login is sent to the study's server only.

    Raises:
        Failure: the file is incomplete.
        SourceError: the location is not allowed, or the response is an HTML page.
    """

    def read_body(response: requests.Response, head: Answer) -> None:
        if head.status == HTTPStatus.OK:
            refuse_page(head)
            lines.fill(partial(receive, response, head.place, transport.bounds_of_file()))
        elif head.status in TRANSIENT:
            refuse_flawed(head, is_fhir=False)

    for _ in range(REDIRECTS):
        refuse_elsewhere(transport.base, url)
        request = Request(
            method="GET",
            url=url,
            headers=HEADERS,
            is_known=is_known,
            named=display.address(url),
        )
        head = transport.send(request, read_body)
        if head.status not in REDIRECT or "location" not in head.headers:
            if lines.is_cut_off:
                raise damage(head.place, head.status, "a truncated last line")
            return head
        url = join(url, head.headers["location"])
        is_known = is_known and origin(url) == origin(transport.base)
    raise SourceError(f"{display.address(url)} redirects too often")


def refuse_elsewhere(base: str, url: str) -> None:
    """Check the location of a file: it must be on the study's server, or use https.

    A file on this machine is fetched only if the server is on this machine too.

    Raises:
        SourceError: the location is not allowed; names it.
    """
    is_here = is_loopback(base) and is_loopback(url)
    is_safe = urlsplit(url).scheme == "https" and not is_loopback(url)
    if origin(url) != origin(base) and not is_here and not is_safe:
        raise sent_away(base, url)


def refuse_other(answer: Answer) -> None:
    """Stop if the response is not the file.

    Raises:
        LinkExpired: the link is no longer valid.
        SourceError: names the status.
    """
    if answer.status in EXPIRED_LINK:
        raise LinkExpired(f"{answer.place} answered {answer.status}: the link has expired")
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.summary}")
