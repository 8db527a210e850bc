"""Read the body of a response in chunks: decompressed, in bounded memory and bounded time.

Bodies are decompressed here and not by urllib3, which accepts a truncated gzip stream as complete
(2.8).
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
_GZIP = 31  # zlib's window size for "with the header and checksum of gzip"
# Some servers send the charset as the encoding; that is not a compression.
_PLAIN = ("", "identity", "none", "utf-8")
_CHARSETS = ("us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16", "utf-32")
_UTF8 = ("utf-8", "utf8")
_LINES = ("ndjson", "jsonl")


class TooLarge(SourceError):
    """A response is larger than the limit."""


class TooSlow(SourceError):
    """A response takes longer than the time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits for one body: bytes (as received and decompressed) and seconds."""

    bytes: int
    seconds: float
    budget: Budget


def receive(
    response: requests.Response, place: str, bounds: Bounds, write: Callable[[bytes], object]
) -> None:
    """Read a body to its end, and write the decompressed bytes.

    Raises:
        TooLarge: the body, or its announced length, exceeds the limit.
        TooSlow: the body takes longer than the time limit.
        BudgetSpent: the time of the whole pull is used up.
        Failure: the body is truncated or damaged.
        SourceError: the compression or the charset is not supported.
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
        raise damage(place, response.status_code, "text in another charset") from None
    except HTTPError as error:
        raise broken_off(place, response.status_code, error) from None


def _refuse_declared(headers: Mapping[str, str], place: str, bounds: Bounds) -> None:
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > bounds.bytes:
        raise _too_large(place, bounds)


def _receive(response: requests.Response, place: str, bounds: Bounds) -> Iterator[bytes]:
    """Yield the bytes as received, one chunk per read of the socket."""
    end, count = clock.now() + bounds.seconds, 0
    while piece := response.raw.read1(_PIECE, decode_content=False):
        if clock.now() > end:
            raise TooSlow(
                f"{place} answers too slowly: the response was not complete after "
                f"{bounds.seconds:g} seconds. Set a smaller [source] page_size"
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
    raise SourceError(f"{place} compresses its answer in a way that was not requested")


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress a gzip stream of one or more members, in chunks of bounded size."""
    member, is_open = zlib.decompressobj(_GZIP), False
    for packed in pieces:
        rest = packed
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            yield from _decompress(member, rest)
            is_open = not member.eof
            rest = member.unused_data.lstrip(b"\0")  # Zero padding after the end is not a member.
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
    """Yield JSON and NDJSON as UTF-8 without a byte order mark; other types unchanged."""
    kind = media_type(headers)
    if not is_json(kind) and not kind.endswith(_LINES):
        return iter(pieces)
    name = charset(headers)
    if name in _UTF8:
        return _without_mark(pieces)
    if name not in _CHARSETS:
        raise SourceError(f"{place} answers in an unsupported charset: abate reads UTF-8 only")
    return _as_utf8(pieces, name)


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Remove the byte order mark that some servers send."""
    rest, head = iter(pieces), b""
    for piece in rest:
        head += piece
        if len(head) >= len(codecs.BOM_UTF8):
            break
    yield head.removeprefix(codecs.BOM_UTF8)
    yield from rest


def _as_utf8(pieces: Iterable[bytes], text: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(text)()
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _refuse_more(count: int, place: str, bounds: Bounds) -> None:
    if count > bounds.bytes:
        raise _too_large(place, bounds)


def _too_large(place: str, bounds: Bounds) -> TooLarge:
    return TooLarge(
        f"{place}: an answer is larger than {bounds.bytes / 1_000_000:.0f} MB and was not read "
        "to its end. Check whether the server honours _count"
    )
