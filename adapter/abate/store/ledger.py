"""The books of a pull: for each query what the server has, and what arrived."""

from dataclasses import dataclass, field
from typing import TypedDict

from abate.telemetry.log import Log

# The names of what arrives without a query.
EXPORT, FILES = "export", "files"


class Booked(TypedDict):
    """A line of the books as fields of an event."""

    query: str
    type: str
    expected: int | None
    received: int
    pages: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One query, over all its parts: `expected` is None where the server gives no count.

    `received` counts all distinct resources that the server sent. Of these, `left_out` have none
    of the study's codes: they did not land.
    `is_confirmed` says whether anything but passes that are alike shows that nothing is missing.
    """

    query: str
    type: str
    expected: int | None
    received: int
    pages: int
    left_out: int = 0
    is_confirmed: bool = True

    @property
    def name(self) -> str:
        """What was asked for; of what no query asked for, its type and where it is from."""
        if self.query in (EXPORT, FILES):
            return f"{self.type} resources of the {self.query}"
        return self.query

    @property
    def fields(self) -> Booked:
        """The line as fields of an event."""
        return Booked(
            query=self.query,
            type=self.type,
            expected=self.expected,
            received=self.received,
            pages=self.pages,
            left_out=self.left_out,
        )

    def __str__(self) -> str:
        """The line in words, as in `pain scores: 73 of 73 Observation, 1 page`."""
        counted = f"{self.received} of {self.expected}"
        if self.expected is None:
            counted = f"{self.received} (there is no count)"
        text = f"{self.query}: {counted} {self.type}, {count_of_pages(self.pages)}"
        if self.left_out:
            text += f"; {self.left_out} of them have none of the study's codes and are left out"
        return text


@dataclass(slots=True)
class Ledger:
    """All queries of a pull, in the order asked."""

    lines: list[LedgerLine] = field(default_factory=list)

    def add(self, line: LedgerLine) -> None:
        """Enter a query, adding it to an earlier part of the same one."""
        for place, known in enumerate(self.lines):
            if (known.query, known.type) == (line.query, line.type):
                self.lines[place] = _sum(known, line)
                return
        self.lines.append(line)

    @property
    def unconfirmed(self) -> list[str]:
        """What nothing shows to have arrived whole, by name."""
        return list(dict.fromkeys(line.name for line in self.lines if not line.is_confirmed))

    def warn(self, source: str, log: Log) -> None:
        """Warn once if nothing can show that all arrived: the results say so too.

        Args:
            source: what gives no count, with its verb.
            log: where it is said.
        """
        if names := ", ".join(self.unconfirmed):
            log.warning(
                f"nothing confirms that all {names} arrived: {source} no total and no "
                "count, or is asked for some categories only. The status and the report say so",
                name="pull.unconfirmed",
                queries=names,
            )

    def count_received(self, query: str) -> int:
        """How many distinct resources a query brought, without those that were left out."""
        return sum(line.received - line.left_out for line in self.lines if line.query == query)

    def is_empty(self, query: str) -> bool:
        """Whether the server sent nothing at all for a query."""
        return not any(line.received for line in self.lines if line.query == query)


def count_of_pages(pages: int) -> str:
    """The number of pages in words."""
    return "1 page" if pages == 1 else f"{pages} pages"


def _sum(first: LedgerLine, second: LedgerLine) -> LedgerLine:
    known = first.expected is not None and second.expected is not None
    return LedgerLine(
        query=first.query,
        type=first.type,
        expected=(first.expected or 0) + (second.expected or 0) if known else None,
        received=first.received + second.received,
        pages=first.pages + second.pages,
        left_out=first.left_out + second.left_out,
        is_confirmed=first.is_confirmed and second.is_confirmed,
    )
