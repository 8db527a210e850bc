"""The ledger of a pull: for each query the server's count and the number received."""

from dataclasses import dataclass, field
from typing import TypedDict

from abate.telemetry.log import Log

# The names of resources that come without a query.
EXPORT, FILES = "export", "files"


class Booked(TypedDict):
    """A line of the ledger as the fields of an event."""

    query: str
    type: str
    expected: int | None
    received: int
    pages: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One query with all its parts; `expected` is None if the server gives no count.

    `received` is the number of distinct resources that the server sent. `left_out` of them have
    none of the study's codes and did not land. `is_confirmed` says whether anything other than two
    equal passes shows that nothing is missing.
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
        """The name of the query; without a query, the type and where the resources are from."""
        if self.query in (EXPORT, FILES):
            return f"{self.type} resources of the {self.query}"
        return self.query

    @property
    def fields(self) -> Booked:
        """Return the line as the fields of an event."""
        return Booked(
            query=self.query,
            type=self.type,
            expected=self.expected,
            received=self.received,
            pages=self.pages,
            left_out=self.left_out,
        )

    def __str__(self) -> str:
        """Return the line in words, as in `pain scores: 73 of 73 Observation, 1 page`."""
        counted = f"{self.received} of {self.expected}"
        if self.expected is not None and self.received > self.expected:
            counted = f"{self.received} (the server counts {self.expected})"
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
        """The names of the queries that nothing confirms to be complete."""
        return list(dict.fromkeys(line.name for line in self.lines if not line.is_confirmed))

    def warn(self, source: str, log: Log) -> None:
        """Warn once if nothing confirms that all resources were received; the results say it too.

        Args:
            source: what gives no count, with its verb.
            log: the logger.
        """
        if names := ", ".join(self.unconfirmed):
            log.warning(
                f"nothing confirms that all {names} were received: {source} no total and no "
                "count, or is asked for some categories only. The status and the report say so",
                name="pull.unconfirmed",
                queries=names,
            )

    def count_received(self, query: str) -> int:
        """Return the number of distinct resources of a query, without those that were left out."""
        return sum(line.received - line.left_out for line in self.lines if line.query == query)

    def is_empty(self, query: str) -> bool:
        """Whether the server sent no resource for a query."""
        return not any(line.received for line in self.lines if line.query == query)


def count_of_pages(pages: int) -> str:
    """Return the number of pages in words."""
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
