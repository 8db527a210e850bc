"""Keyed hashes in the place of ids: two lines of a log can be held together, and no id is told.

The key lies in a file of its own beside the store, made when it is first needed. The store has a
key too, and cannot serve: a writer shuts out every other opener, and a line of a log must not wait.
Two keys have another merit: who has logs and results cannot join them.
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
    """`Procedure~3f9a0c1be27d`: stands for one resource, for as long as the key is kept."""

    __slots__ = ()


Naming = Callable[[str, str], Pseudonym]


def pseudonym(key: bytes, kind: str, identifier: str) -> Pseudonym:
    """The keyed hash (HMAC-SHA-256, 48 bits of it) of a resource's type and id."""
    digest = hmac.digest(key, f"{kind}/{identifier}".encode(), "sha256")
    return Pseudonym(f"{kind}~{digest.hex()[:DIGITS]}")


def naming(folder: Path | None) -> Naming:
    """How resources are named by whoever works in an output folder; without one, for now only."""
    known: list[bytes] = []

    def name(kind: str, identifier: str) -> Pseudonym:
        if not known:
            known.append(_key(folder) if folder else secrets.token_bytes(32))
        return pseudonym(known[0], kind, identifier)

    return name


def _key(folder: Path) -> bytes:
    """The key of a folder; what is no key is replaced, and older lines then stand alone.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        text = path.read_text("ascii", "replace") if path.exists() else ""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        text = secrets.token_hex(32)
        write_private(path, text.encode())
    return bytes.fromhex(text)
