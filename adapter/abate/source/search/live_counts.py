"""Count the received resources of each query over all its parts, while they run."""

from dataclasses import dataclass, field
from threading import Lock

from abate.store.ledger import LedgerLine
from abate.telemetry.log import Log


@dataclass(slots=True)
class LiveCounts:
    """Counts received resources and logs them page by page; safe for threads."""

    log: Log
    lines: dict[tuple[str, str], LedgerLine] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def expect(self, query: str, kind: str, expected: int | None) -> None:
        """Set the expected number of resources of a query, over all its parts."""
        with self.lock:
            self.lines[query, kind] = LedgerLine(
                query=query, type=kind, expected=expected, received=0, pages=0
            )

    def page(self, query: str, kind: str, new: int) -> None:
        """Count one page with `new` new resources."""
        with self.lock:
            known = self.lines.get((query, kind))
            line = LedgerLine(
                query=query,
                type=kind,
                expected=known.expected if known else None,
                received=(known.received if known else 0) + new,
                pages=(known.pages if known else 0) + 1,
            )
            self.lines[query, kind] = line
        self.log.info(f"pulling {line}", name="query.page", **line.fields)
