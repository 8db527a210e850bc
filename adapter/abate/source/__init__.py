"""Pull resources from a server or from files, and account for each one.

Each way of pulling is a `PullSource`: it lands NDJSON and fills a ledger, or raises an error.
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
    """The result of a pull.

    Attributes:
        ledger: the ledger of the pull.
        strategy: the strategy of the pull.
        newest: the newest `lastUpdated` of all received resources, of the study or not, or None.
        newest_page: the newest `lastUpdated` of a page, or None.
        searches: the known state of the searches of each type that was searched.
        arrived: the types of which an export or files had resources, with any code.
        is_change: whether an export or files held changes only, and not everything.
    """

    ledger: Ledger
    strategy: str = ""
    newest: datetime | None = None
    newest_page: datetime | None = None
    searches: Mapping[str, Search] = field(default_factory=dict)
    arrived: frozenset[str] = frozenset()
    is_change: bool = False


class PullSource(Protocol):
    """A source of resources."""

    def bring(self, plan: Plan, landing: Landing, log: Log) -> Pulled:
        """Land the resources that `plan` needs, and return the result with its ledger.

        Raises:
            SourceError: the source cannot be read.
            IncompletePull: resources of the server are missing from the result.
            NothingFound: there are no index procedures or no pain scores.
        """
