"""Bring resources from where they are, and account for each one.

Each way of pulling is a `PullSource`: it lands NDJSON and fills a ledger, or raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from abate.source.plan import Plan
from abate.store.evidence import Search
from abate.store.landing import Landing
from abate.store.ledger import Ledger
from abate.telemetry.log import Log

__all__ = ["PullSource", "Pulled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What came of a pull.

    Attributes:
        ledger: the books.
        strategy: how it went about it.
        newest: the newest `lastUpdated` of all resources that were seen, of the study or not.
        newest_page: the newest `lastUpdated` of a page; either is None where none was seen.
        searches: what is known of the searches of each type, by which it went.
        arrived: the types of which an export or files brought something, whatever its code.
        is_change: whether they hold what changed, and not all that there is.
    """

    ledger: Ledger
    strategy: str = ""
    newest: datetime | None = None
    newest_page: datetime | None = None
    searches: Mapping[str, Search] = field(default_factory=dict)
    arrived: frozenset[str] = frozenset()
    is_change: bool = False


class PullSource(Protocol):
    """A place that resources come from."""

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land what `plan` asks for and return the books.

        Raises:
            SourceError: the server cannot be pulled from.
            IncompletePull: something that the server has did not arrive.
            NothingFound: there are no such procedures, or no scores.
        """
