"""The landed files of one type, as lines: how many there are, and where each stands."""

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

# The files are large: they are counted in pieces of this size.
_PIECE = 1024 * 1024


class LandedFiles:
    """Some files of NDJSON, read one after the other. Blank lines are no lines."""

    def __init__(
        self, paths: Sequence[Path], origin: Callable[[Path], str | None] = lambda _: None
    ) -> None:
        """Look at `paths`, in their order; `origin` tells which file each was read from."""
        self._paths = paths
        self._origin = origin

    @property
    def patterns(self) -> list[str]:
        """The paths as patterns that DuckDB matches to these files alone.

        `read_json` takes a path for a pattern: of `a[1].ndjson` and `a1.ndjson` it reads the other
        one, without a word (DuckDB 2.0.1, 2026-12).
        """
        return [re.sub(r"([*?\[])", r"[\1]", str(path)) for path in self._paths]

    @cached_property
    def lines(self) -> int:
        """How many lines are not blank."""
        return sum(_lines_in(path) for path in self._paths)

    def number(self, place: int) -> int:
        """The number of the line in its file, both counted from 1."""
        return self._at(place - 1)[1]

    def origin(self, place: int) -> str | None:
        """The file that the line was read from, before it landed."""
        return self._origin(self._at(place - 1)[0])

    def place(self, place: int) -> str:
        """Where the line after `place` lines stands, for people."""
        if place >= self.lines:
            return f"{self._paths[-1].name if self._paths else 'no file'}, its end"
        path, number = self._at(place)
        return f"{path.name}, line {number}"

    def _at(self, before: int) -> tuple[Path, int]:
        """The file of the line that has so many before it, and its number there."""
        for path, numbers in self._numbers:
            if before < len(numbers):
                return path, numbers[before]
            before -= len(numbers)
        raise IndexError

    @cached_property
    def _numbers(self) -> list[tuple[Path, "array[int]"]]:
        """By file, the numbers of the lines that are not blank, in eight bytes each."""
        return [(path, array("Q", _numbers(path))) for path in self._paths]


def _lines_in(path: Path) -> int:
    with path.open("rb", buffering=_PIECE) as file:
        return sum(1 for line in file if not line.isspace())


def _numbers(path: Path) -> Iterator[int]:
    """The numbers, from 1, of the lines that are not blank."""
    with path.open("rb", buffering=_PIECE) as file:
        yield from (number for number, line in enumerate(file, start=1) if not line.isspace())
