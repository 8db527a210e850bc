"""FHIR dates as stretches of time, and the comparisons of a search.

A date is as long as its precision: `2026-03` is all of March. A stretch includes its start, but
not its end. Dates and times without an offset are read as UTC.
Source: https://hl7.org/fhir/R4/search.html#date
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


class Stretch(NamedTuple):
    """The time from `start` (included) to `end` (excluded)."""

    start: datetime
    end: datetime


def stretch(text: str) -> Stretch:
    """Return the time that a FHIR date, dateTime or instant covers.

    Raises:
        ValueError: it is not one of these.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR date")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    start = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        min(int(second or 0), 59),  # FHIR allows 60 for a leap second, Python does not.
        int((fraction or "")[:6].ljust(6, "0")),
        tzinfo=_zone(offset),
    )
    written = sum(part is not None for part in match.groups()[:7])
    return Stretch(start, _end(start, written, fraction or ""))


def period(start: str | None, end: str | None) -> Stretch:
    """Return the time of a Period, which may be open at either side."""
    return Stretch(
        stretch(start).start if start else _EARLIEST,
        stretch(end).end if end else _LATEST,
    )


def _zone(offset: str | None) -> timezone:
    if offset is None or offset == "Z":
        return UTC
    away = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return timezone(-away if offset[0] == "-" else away)


def _end(start: datetime, written: int, fraction: str) -> datetime:
    """Return the end of the last given part: 1 is the year, 3 the day, 7 the fraction."""
    try:
        if written == 1:
            return start.replace(year=start.year + 1)
        if written == 2:
            return (start + timedelta(days=31)).replace(day=1)
        return start + _step(written, fraction)
    except (ValueError, OverflowError):  # Python's dates end with the year 9999.
        return _LATEST


def _step(written: int, fraction: str) -> timedelta:
    if written == 7:
        return timedelta(microseconds=10 ** (6 - min(len(fraction), 6)))
    steps = {3: timedelta(days=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}
    return steps[written]


PREFIXES: dict[str, Callable[[Stretch, Stretch], bool]] = {
    "eq": lambda stored, asked: asked.start <= stored.start and stored.end <= asked.end,
    "ne": lambda stored, asked: not PREFIXES["eq"](stored, asked),
    "gt": lambda stored, asked: stored.end > asked.end,
    "lt": lambda stored, asked: stored.start < asked.start,
    "ge": lambda stored, asked: PREFIXES["gt"](stored, asked) or PREFIXES["eq"](stored, asked),
    "le": lambda stored, asked: PREFIXES["lt"](stored, asked) or PREFIXES["eq"](stored, asked),
    "sa": lambda stored, asked: stored.start >= asked.end,
    "eb": lambda stored, asked: stored.end <= asked.start,
}
"""The condition of each prefix on the stretch of a resource, given the one of the query."""


def comparison(text: str) -> Callable[[Stretch], bool]:
    """Return the test of a search value such as `ge2026-03-01`.

    Raises:
        ValueError: the prefix or the date is invalid.
    """
    has_prefix = text[:2].isalpha()
    prefix, date = (text[:2], text[2:]) if has_prefix else ("eq", text)
    if prefix not in PREFIXES:
        raise ValueError("not a prefix of a date")
    asked, holds = stretch(date.replace(" ", "+")), PREFIXES[prefix]
    return lambda stored: holds(stored, asked)
