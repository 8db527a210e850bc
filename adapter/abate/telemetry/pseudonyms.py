"""Keyed hashes instead of ids: lines about one resource can be matched, without showing its id.

The key is in a separate file beside the store and is created when it is first needed. The store
also has a key, but DuckDB lets only one process open a database for writing, and a log line must
not wait for it. Two keys also mean that a reader of logs and results cannot link them.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from abate.errors import disk_errors
from abate.telemetry.private_file import write_private

FILE = "log.key"
DIGITS = 12


class Pseudonym(str):
    """A pseudonym of one resource, as `Procedure~3f9a0c1be27d`; stable while the key is kept."""

    __slots__ = ()


Naming = Callable[[str, str], Pseudonym]


def pseudonym(key: bytes, kind: str, identifier: str) -> Pseudonym:
    """Return the keyed hash (the first 48 bits of HMAC-SHA-256) of a resource's type and id."""
    digest = hmac.digest(key, f"{kind}/{identifier}".encode(), "sha256")
    return Pseudonym(f"{kind}~{digest.hex()[:DIGITS]}")


def naming(folder: Path | None) -> Naming:
    """Return the function that makes pseudonyms, with the key of `folder`.

    Without a folder, the key is random and lasts as long as the function.
    """
    known: list[bytes] = []

    def name(kind: str, identifier: str) -> Pseudonym:
        if not known:
            known.append(_key(folder) if folder else secrets.token_bytes(32))
        return pseudonym(known[0], kind, identifier)

    return name


def _key(folder: Path) -> bytes:
    """Return the key of a folder, or create it.

    An invalid key is replaced; older log lines can then no longer be matched with new ones.

    Raises:
        StoreError: the file cannot be read or written.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        text = path.read_text("ascii", "replace") if path.exists() else ""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        text = secrets.token_hex(32)
        write_private(path, text.encode())
    return bytes.fromhex(text)
