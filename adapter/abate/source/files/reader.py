"""Read the resources in a file of NDJSON or JSON unchanged, each with its place in the file.

NDJSON is read line by line. A Bundle, or a resource on several lines, is read as a whole. Neither
may be larger than the limit for the answer of a server.
"""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

import msgspec

from abate.errors import SourceError
from abate.http.budget import LARGEST_ANSWER, MEBIBYTE
from abate.source.files.bundle_entries import entries, kind_of
from abate.source.files.servers import FileServers

_MARK = b"\xef\xbb\xbf"
_LINES = (".ndjson", ".jsonl")


class Called(NamedTuple):
    """The name of a file, and its name in messages, since the name may identify a patient."""

    name: str
    shown: str


# The place (from 1) of a line in its file or of an entry in its Bundle, and its content.
Placed = tuple[int, bytes]


def contents(
    file: BinaryIO,
    called: Called,
    largest: int = LARGEST_ANSWER,
    servers: FileServers | None = None,
) -> Iterator[Placed]:
    """Yield the content of a file in its order; an invalid line is passed on unchanged.

    Args:
        file: the decompressed bytes.
        called: the name of the file.
        largest: the maximum size of a line or of a Bundle, in bytes.
        servers: records the servers of the resources.

    Raises:
        SourceError: a line or a Bundle is too large, a Bundle cannot be read or is a history, or
            the resources are from two servers.
    """
    is_lines, name = _stem(called.name).endswith(_LINES), called.shown
    start = _first_line(file, name, largest)
    if start is None:
        return
    number, line = start
    if not (_is_json(line) or is_lines):
        yield from _whole(line + _rest(file, name, largest - len(line)), name, servers)
        return
    following = _lines(file, number, name, largest)
    second = next(following, None)
    if second is None and kind_of(line) == "Bundle":
        yield from entries(line, name, servers)
        return
    for place, item in chain([start], [second] if second else [], following):
        yield from _place(place, item, name, servers)


def _first_line(file: BinaryIO, name: str, largest: int) -> Placed | None:
    """Return the first line that is not blank, without a byte order mark."""
    for number, line in _read(file, 0, name, largest):
        bare = line.removeprefix(_MARK) if number == 1 else line
        if bare.strip():
            return number, bare
    return None


def _lines(file: BinaryIO, number: int, name: str, largest: int) -> Iterator[Placed]:
    return (line for line in _read(file, number, name, largest) if line[1].strip())


def _read(file: BinaryIO, number: int, name: str, largest: int) -> Iterator[Placed]:
    while line := file.readline(largest + 1):
        number += 1
        if len(line) > largest:
            raise SourceError(f"{name}, line {number}, is longer than {_size(largest)}")
        yield number, line


def _place(number: int, line: bytes, name: str, servers: FileServers | None) -> Iterator[Placed]:
    """Yield a line, or the entries of a line that is a Bundle.

    Raises:
        SourceError: it is the last line, and truncated.
    """
    if not line.endswith(b"\n") and not _is_json(line):
        raise SourceError(
            f"{name} is truncated: its last line ({number}) has no newline and is not JSON"
        )
    line = line.strip()
    if b'"Bundle"' in line and kind_of(line) == "Bundle":
        yield from ((number, resource) for _, resource in entries(line, name, servers))
    else:
        _note_own(servers, name)
        yield number, line


def _rest(file: BinaryIO, name: str, largest: int) -> bytes:
    pieces: list[bytes] = []
    while piece := file.read(MEBIBYTE):
        pieces.append(piece)
        largest -= len(piece)
        if largest < 0:
            raise SourceError(
                f"{name} is larger than {_size(LARGEST_ANSWER)} and is not NDJSON: divide it, or "
                "write one resource per line"
            )
    return b"".join(pieces)


def _note_own(servers: FileServers | None, name: str) -> None:
    """Record that a single resource names no server."""
    if servers is not None:
        servers.note("", name)


def _whole(document: bytes, name: str, servers: FileServers | None) -> Iterator[Placed]:
    """Yield a single resource, or the entries of a Bundle."""
    kind = kind_of(document)
    if kind is None:
        raise SourceError(
            f"{name} is neither NDJSON nor the JSON of one resource: if it is NDJSON whose first "
            "line is broken, name it .ndjson"
        )
    if kind == "Bundle":
        yield from entries(document, name, servers)
    else:
        _note_own(servers, name)
        yield 1, document


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


def _stem(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(".zst")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.0f} MB"
