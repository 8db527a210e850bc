"""Whether the files of an earlier run are as that run wrote them.

A power cut, a full disk or a copy may leave a file without its content. So the size and SHA-256
digest of each file are kept: of a landed file in the record of its unit, of a small file in its own
first line. A file that does not match is not used.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import msgspec

from abate.errors import disk_errors


class Seal(msgspec.Struct, frozen=True):
    """The size of a file in bytes and its SHA-256 digest, from when it was written."""

    size: int
    digest: str


def seal_of(path: Path) -> Seal:
    """Return the seal of a file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Seal(file.tell(), digest)


def seals_of(folder: Path) -> dict[str, Seal]:
    """Return the seals of all files in a folder, by name."""
    return {path.name: seal_of(path) for path in sorted(folder.iterdir())}


def is_as_sealed(folder: Path, seals: Mapping[str, Seal]) -> bool:
    """Whether the sealed files of a folder are unchanged; there may be other files too."""
    with suppress(OSError):
        # Sizes are compared first: they are known without reading the files.
        sizes = {name: (folder / name).stat().st_size for name in seals}
        is_whole = all(sizes[name] == seal.size for name, seal in seals.items())
        return is_whole and all(seal_of(folder / name) == seal for name, seal in seals.items())
    return False


def write_sealed(path: Path, content: bytes) -> None:
    """Write a small file, and return when it is on the disk.

    Raises:
        StoreError: the file cannot be written.
    """
    with landing_errors(path.parent), open(path, "wb", opener=private) as file:
        file.write(b"%s\n%s" % (hashlib.sha256(content).hexdigest().encode(), content))
        file.flush()
        os.fsync(file.fileno())


def read_sealed(path: Path) -> bytes | None:
    """Return what `write_sealed` wrote; None if the file is missing or has changed."""
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if digest == hashlib.sha256(content).hexdigest().encode() else None


def private(path: str, flags: int) -> int:
    """Open a file for writing that only its owner may read."""
    return os.open(path, flags, 0o600)


def landing_errors(folder: Path) -> AbstractContextManager[None]:
    """Turn an error of the disk into a message that names the landing folder.

    Raises:
        StoreError: instead of an OSError.
    """
    return disk_errors(f"nothing can be landed in {folder}")
