"""A large file of lines, straight to disk: in bounded memory, whole or not at all."""

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

# Of some servers a file comes as a Binary resource unless NDJSON is asked for (HAPI 8.8).
HEADERS = {"Accept": "application/fhir+ndjson, application/x-ndjson;q=0.9, */*;q=0.5"}
REDIRECTS = 5
# Of gzip and of zstd.
MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PRIVATE = 0o600


class LinkExpired(SourceError):
    """The link to a file is no longer good (403, 410): a new one must be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A file that is here: bytes and lines as written, unpacked; the last line may lack its end."""

    bytes: int
    lines: int


class Lines:
    """A file of NDJSON that is begun anew with each try, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Write to `path`; what is there goes."""
        self._path = path
        self._bytes = self._ends = 0
        self._last = bytearray()
        self._is_packed = False

    @property
    def written(self) -> Downloaded:
        """What the last try has written."""
        return Downloaded(bytes=self._bytes, lines=self._ends + bool(self._last))

    def fill(self, receive_into: Callable[[Callable[[bytes], object]], None]) -> None:
        """Begin anew and let pieces come in.

        Raises:
            StoreError: the disk refuses.
        """
        self._bytes = self._ends = 0
        self._last.clear()
        with disk_errors(f"{self._path} cannot be written"):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(descriptor, "wb") as file:
                receive_into(lambda piece: self._write(file, piece))

    def remove(self) -> None:
        """Leave nothing of a file that is not whole."""
        if self._path.is_file():
            self._path.unlink()

    @property
    def is_cut_off(self) -> bool:
        """Whether the last line has no end and is no JSON: the file does not end there.

        Of a file that is packed itself, whoever unpacks it finds that out.
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
    """One try at a file: the head of the answer, with its body in `lines` if it is the file.

    Redirects are followed; the login stays with our own server.

    Raises:
        Failure: the file is not whole.
        SourceError: it lies where we do not go, or is a page for people.
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
                raise damage(head.place, head.status, "a last line that is cut off")
            return head
        url = join(url, head.headers["location"])
        is_known = is_known and origin(url) == origin(transport.base)
    raise SourceError(f"{display.address(url)} sends us on, again and again")


def refuse_elsewhere(base: str, url: str) -> None:
    """Hold the rule where files may lie: at our server, or elsewhere by https.

    A file on this machine is fetched only if the server is on this machine too.

    Raises:
        SourceError: names the place.
    """
    is_here = is_loopback(base) and is_loopback(url)
    is_safe = urlsplit(url).scheme == "https" and not is_loopback(url)
    if origin(url) != origin(base) and not is_here and not is_safe:
        raise sent_away(base, url)


def refuse_other(answer: Answer) -> None:
    """Stop unless the file came.

    Raises:
        LinkExpired: the link is no longer good.
        SourceError: names the status.
    """
    if answer.status in EXPIRED_LINK:
        raise LinkExpired(f"{answer.place} answered {answer.status}: the link has expired")
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.told}")
