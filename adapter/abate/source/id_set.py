"""A set of received ids, in eight bytes each, to count the distinct ids."""

from hashlib import blake2b
from pathlib import Path

import numpy as np

FILE = "ids"
# How many new ids are collected before they are merged into the sorted array.
_PENDING = 20_000


class IdSet:
    """A growing set of ids, kept as hashes. A collision of two stops the pull."""

    def __init__(self) -> None:
        """Create an empty set."""
        self._sorted = np.empty(0, np.uint64)
        self._pending: set[int] = set()

    @property
    def hashes(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint64]]":
        """Return the distinct hashes, sorted."""
        self._settle()
        return self._sorted

    def add(self, identifier: str) -> bool:
        """Add an id; return whether it is new."""
        code = _hash(identifier)
        if code in self._pending or self._is_sorted_in(code):
            return False
        self._pending.add(code)
        if len(self._pending) >= _PENDING:
            self._settle()
        return True

    def update(self, other: "IdSet") -> None:
        """Add all ids of another set."""
        self._sorted = np.union1d(self.hashes, other.hashes)

    def __len__(self) -> int:
        return len(self._sorted) + len(self._pending)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdSet):
            return NotImplemented
        return np.array_equal(self.hashes, other.hashes)

    __hash__ = None  # type: ignore[assignment]  # Mutable.

    def save(self, folder: Path) -> None:
        """Save the hashes in a unit's folder."""
        self.hashes.tofile(folder / FILE)

    def read(self, folder: Path) -> None:
        """Add the hashes that were saved in a unit's folder."""
        if (folder / FILE).exists():
            self._sorted = np.union1d(self.hashes, np.fromfile(folder / FILE, np.uint64))

    def _is_sorted_in(self, code: int) -> bool:
        place = int(np.searchsorted(self._sorted, np.uint64(code)))
        return place < len(self._sorted) and int(self._sorted[place]) == code

    def _settle(self) -> None:
        if self._pending:
            new = np.fromiter(self._pending, np.uint64, len(self._pending))
            self._sorted = np.union1d(self._sorted, new)
            self._pending = set()


def _hash(identifier: str) -> int:
    """Return eight bytes of BLAKE2b."""
    return int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "little")
