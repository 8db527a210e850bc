"""The books of a pull: for each query what the server has, and what arrived."""

from dataclasses import dataclass, field
from typing import TypedDict


class Booked(TypedDict):
    """A line of the books as fields of an event."""

    query: str
    type: str
    expected: int | None
    received: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One query, over all its parts: `expected` is None where the server gives no count.

    `is_confirmed` says whether anything but passes that are alike shows that nothing is missing.
    """

    query: str
    type: str
    expected: int | None
    received: int
    pages: int
    is_confirmed: bool = True

    @property
    def fields(self) -> Booked:
        """The line as fields of an event."""
        return Booked(
            query=self.query,
            type=self.type,
            expected=self.expected,
            received=self.received,
            pages=self.pages,
        )

    def __str__(self) -> str:
        """The line in words, as in `pain scores: 73 of 73 Observation, 1 page`."""
        counted = f"{self.received} of {self.expected}"
        if self.expected is None:
            counted = f"{self.received} (the server gives no count)"
        return f"{self.query}: {counted} {self.type}, {count_of_pages(self.pages)}"


@dataclass(slots=True)
class Ledger:
    """All queries of a pull, in the order asked."""

    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Enter a query, adding it to an earlier part of the same one."""
        for place, known in enumerate(self.lines):
            if (known.query, known.type) == (line.query, line.type):
                self.lines[place] = _sum(known, line)
                return
        self.lines.append(line)

    @property
    def unconfirmed(self) -> list[str]:
        """The queries of which nothing shows that all arrived, by their names."""
        return list(dict.fromkeys(one.query for one in self.lines if not one.is_confirmed))

    def received(self, query: str) -> int:
        """How many distinct resources a query brought."""
        return sum(line.received for line in self.lines if line.query == query)


def count_of_pages(pages: int) -> str:
    """The number of pages in words."""
    return "1 page" if pages == 1 else f"{pages} pages"


def _sum(first: Line, second: Line) -> Line:
    known = first.expected is not None and second.expected is not None
    return Line(
        query=first.query,
        type=first.type,
        expected=(first.expected or 0) + (second.expected or 0) if known else None,
        received=first.received + second.received,
        pages=first.pages + second.pages,
        is_confirmed=first.is_confirmed and second.is_confirmed,
    )
