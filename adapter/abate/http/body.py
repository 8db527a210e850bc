"""The body of an answer, piece by piece: unpacked, in bounded memory and bounded time.

Packed bodies are opened here and not by urllib3, which takes a gzip stream that was cut off for a
whole one (2.8).
"""

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import requests
from urllib3.exceptions import HTTPError

from abate.errors import SourceError
from abate.http import clock
from abate.http.budget import Budget
from abate.http.failures import broken_off, damage
from abate.http.response import charset, is_json, media_type

_PIECE = 256 * 1024
_GZIP = 31  # zlib's word for "with the header and the checksum of gzip"
# Servers are seen to name the charset here; it packs nothing.
_PLAIN = ("", "identity", "none", "utf-8")
_CHARSETS = ("us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16", "utf-32")
_UTF8 = ("utf-8", "utf8")
_LINES = ("ndjson", "jsonl")


class TooLarge(SourceError):
    """One answer is longer than we read."""


class TooSlow(SourceError):
    """One answer takes longer than we wait for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of one body is read, in bytes as they come and unpacked, and for how long."""

    bytes: int
    seconds: float
    budget: Budget


def receive(
    response: requests.Response, place: str, bounds: Bounds, write: Callable[[bytes], object]
) -> None:
    """Read a body to its end, and write what is in it.

    Raises:
        TooLarge: it is longer than the bound, or says that it will be.
        TooSlow: its end does not come.
        BudgetSpent: the time of the whole pull is over.
        Failure: it is not whole.
        SourceError: it is packed, or written, in a way that is not known here.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    _refuse_declared(headers, place, bounds)
    received = _receive(response, place, bounds)
    try:
        unpacked = _unpack(received, headers, place)
        for piece in _bound(_text(unpacked, headers, place), place, bounds):
            write(piece)
    except zlib.error:
        raise damage(place, response.status_code, "damaged gzip") from None
    except UnicodeError:
        raise damage(place, response.status_code, "text of another charset") from None
    except HTTPError as error:
        raise broken_off(place, response.status_code, error) from None


def _refuse_declared(headers: Mapping[str, str], place: str, bounds: Bounds) -> None:
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > bounds.bytes:
        raise _too_large(place, bounds)


def _receive(response: requests.Response, place: str, bounds: Bounds) -> Iterator[bytes]:
    """The bytes as they come: each piece is what one look at the socket gave."""
    end, count = clock.now() + bounds.seconds, 0
    while piece := response.raw.read1(_PIECE, decode_content=False):
        if clock.now() > end:
            raise TooSlow(
                f"{place} answers too slowly: after {bounds.seconds:g} seconds the end of the "
                "answer was not there. Ask for less at once ([source] page_size)"
            )
        count += len(piece)
        _refuse_more(count, place, bounds)
        yield piece


def _unpack(pieces: Iterable[bytes], headers: Mapping[str, str], place: str) -> Iterator[bytes]:
    packed = headers.get("content-encoding", "").strip().lower()
    if packed in ("gzip", "x-gzip"):
        return _gunzip(pieces)
    if packed in _PLAIN:
        return iter(pieces)
    raise SourceError(f"{place} packs its answer in a way that was not asked for")


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What is in a gzip stream, of one or more members; never more than a piece at once."""
    member, is_open = zlib.decompressobj(_GZIP), False
    for packed in pieces:
        rest = packed
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            yield from _decompress(member, rest)
            is_open = not member.eof
            rest = member.unused_data.lstrip(b"\0")  # Padding after the end is no member.
    if is_open:
        raise zlib.error("cut off")


def _decompress(member: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    is_full = True
    while (packed or is_full) and not member.eof:
        piece = member.decompress(packed, _PIECE)
        packed, is_full = member.unconsumed_tail, len(piece) == _PIECE
        yield piece


def _bound(pieces: Iterable[bytes], place: str, bounds: Bounds) -> Iterator[bytes]:
    count = 0
    for piece in pieces:
        count += len(piece)
        _refuse_more(count, place, bounds)
        bounds.budget.spend_bytes(len(piece))
        yield piece


def _text(pieces: Iterable[bytes], headers: Mapping[str, str], place: str) -> Iterator[bytes]:
    """JSON and NDJSON as UTF-8 without a byte order mark; anything else as it is."""
    kind = media_type(headers)
    if not is_json(kind) and not kind.endswith(_LINES):
        return iter(pieces)
    found = charset(headers)
    if found in _UTF8:
        return _without_mark(pieces)
    if found not in _CHARSETS:
        raise SourceError(f"{place} answers in a charset that is not read here: UTF-8 is wanted")
    return _as_utf8(pieces, found)


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same without the byte order mark that some servers begin with."""
    rest, head = iter(pieces), b""
    for piece in rest:
        head += piece
        if len(head) >= len(codecs.BOM_UTF8):
            break
    yield head.removeprefix(codecs.BOM_UTF8)
    yield from rest


def _as_utf8(pieces: Iterable[bytes], found: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(found)()
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _refuse_more(count: int, place: str, bounds: Bounds) -> None:
    if count > bounds.bytes:
        raise _too_large(place, bounds)


def _too_large(place: str, bounds: Bounds) -> TooLarge:
    return TooLarge(
        f"{place}: an answer is larger than {bounds.bytes / 1_000_000:.0f} MB, and was not read "
        "to its end: does the server heed _count?"
    )
