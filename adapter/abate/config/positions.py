"""Find the line of a key in the study file, for messages."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Location = tuple[str | int, ...]

_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"^\s*(\[\[?)\s*({_NAME})\s*\]")
_KEY = re.compile(rf"^\s*({_NAME})\s*=")
_PARTS = re.compile(_PART)


@dataclass(frozen=True, slots=True)
class StudyText:
    """The text of the study file, and its `--set` options (location to name)."""

    path: Path
    text: str
    chosen: Mapping[Location, str]

    def message(self, location: Location, words: str) -> str:
        """Format a message as `FILE, line N: key: words` or `--set key: words`."""
        name = dot(location)
        for chosen, option in self.chosen.items():
            if location and _is_related(chosen, location):
                place = f"--set {option}"
                return f"{place}: {words}" if name == option else f"{place}: {name}: {words}"
        line = line_of(self.text, location)
        place = f"{self.path}, line {line}" if line else str(self.path)
        return f"{place}: {name}: {words}" if name else f"{place}: {words}"


def dot(location: Location) -> str:
    """Return the key in the form of `--set`; entries of an array are counted from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in location)


def line_of(text: str, location: Location) -> int | None:
    """Return the line (from 1) of the key at `location`, or of the nearest table above it."""
    lines: dict[Location, int] = {}
    for key, line in _keys(text):
        lines.setdefault(key, line)
    for length in range(len(location), 0, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _is_related(chosen: Location, location: Location) -> bool:
    shared = min(len(chosen), len(location))
    return chosen[:shared] == location[:shared]


def _keys(text: str) -> Iterable[tuple[Location, int]]:
    """Yield each key and table of a TOML text with its line; array tables are counted from 0."""
    table: Location = ()
    last: dict[Location, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            named = _parts(header[2])
            if header[1] == "[[":
                last[named] = last.get(named, -1) + 1
                table = (*named, last[named])
            else:
                table = _number(named, last)
            yield from ((table[:length], number) for length in range(len(table), 0, -1))
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            yield from (((*table, *parts[:length]), number) for length in range(len(parts), 0, -1))


def _number(named: Location, last: Mapping[Location, int]) -> Location:
    """Add array indices: `[analysis.endpoint]` belongs to the last `[[analysis]]` above it."""
    for length in range(len(named) - 1, 0, -1):
        if named[:length] in last:
            return (*named[:length], last[named[:length]], *named[length:])
    return named


def _parts(name: str) -> Location:
    return tuple(part.strip("\"'") for part in _PARTS.findall(name))
