"""What has arrived of each query so far, over all its parts, also while several are under way."""

from dataclasses import dataclass, field
from threading import Lock

from abate.say import NOTE, Field, Level, Say
from abate.source.ledger import Line


@dataclass(slots=True)
class Tally:
    """Counts what arrives, and says it page by page; threads may share it."""

    say: Say
    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def expect(self, query: str, kind: str, expected: int | None) -> None:
        """So many are to come of a query, over all its parts."""
        with self.lock:
            self.lines[query, kind] = Line(
                query=query, type=kind, expected=expected, received=0, pages=0
            )

    def page(self, query: str, kind: str, new: int) -> None:
        """One more page, with so many new resources."""
        with self.lock:
            known = self.lines.get((query, kind))
            line = Line(
                query=query,
                type=kind,
                expected=known.expected if known else None,
                received=(known.received if known else 0) + new,
                pages=(known.pages if known else 0) + 1,
            )
            self.lines[query, kind] = line
        self.say(f"pulling {line}", event="query.page", **line.fields)


def one_at_a_time(say: Say) -> Say:
    """The same voice for several threads: who speaks is heard to the end."""
    lock = Lock()

    def said(
        text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field
    ) -> None:
        with lock:
            say(text, event=event, level=level, **fields)

    return said
