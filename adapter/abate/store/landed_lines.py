"""The landed files of one type as lines: their number, and the place of each."""

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

# The files may be large: they are read in pieces of this size.
_PIECE = 1024 * 1024


class LandedFiles:
    """Files of NDJSON, read one after the other. Blank lines do not count as lines."""

    def __init__(
        self, paths: Sequence[Path], origin: Callable[[Path], str | None] = lambda _: None
    ) -> None:
        """Read `paths` in their order; `origin` returns the study's file that a path came from."""
        self._paths = paths
        self._origin = origin

    @property
    def patterns(self) -> list[str]:
        """The paths as patterns that DuckDB matches to these files alone.

        `read_json` reads a path as a pattern: for `a[1].ndjson` it silently reads `a1.ndjson`
        (DuckDB 2.0.1, 2026-12).
        """
        return [re.sub(r"([*?\[])", r"[\1]", str(path)) for path in self._paths]

    @cached_property
    def lines(self) -> int:
        """The number of lines that are not blank."""
        return sum(_lines_in(path) for path in self._paths)

    def number(self, place: int) -> int:
        """Return the number of the line in its file, counted from 1."""
        return self._at(place - 1)[1]

    def origin(self, place: int) -> str | None:
        """Return the study's file that the line came from; None if it came by a search."""
        return self._origin(self._at(place - 1)[0])

    def place(self, place: int) -> str:
        """Return the file and number of the line after `place` lines, for messages."""
        if place >= self.lines:
            return f"{self._paths[-1].name if self._paths else 'no file'}, its end"
        path, number = self._at(place)
        return f"{path.name}, line {number}"

    def _at(self, before: int) -> tuple[Path, int]:
        """Return the file of the line after `place` lines, and its number there."""
        for path, numbers in self._numbers:
            if before < len(numbers):
                return path, numbers[before]
            before -= len(numbers)
        raise IndexError

    @cached_property
    def _numbers(self) -> list[tuple[Path, "array[int]"]]:
        """The numbers of the lines that are not blank, by file, in eight bytes each."""
        return [(path, array("Q", _numbers(path))) for path in self._paths]


def _lines_in(path: Path) -> int:
    with path.open("rb", buffering=_PIECE) as file:
        return sum(1 for line in file if not line.isspace())


def _numbers(path: Path) -> Iterator[int]:
    """Return the numbers of the lines that are not blank, counted from 1."""
    with path.open("rb", buffering=_PIECE) as file:
        yield from (number for number, line in enumerate(file, start=1) if not line.isspace())
