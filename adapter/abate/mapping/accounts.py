"""The counts of the mapping: each landed line is mapped, ignored by a rule, or rejected."""

from collections.abc import Sequence
from dataclasses import dataclass

from abate.errors import StoreError
from abate.fhir.types import MAPPED_NAMES
from abate.store.database import Store
from abate.store.landing import Landing
from abate.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """The lines of one type by their state: received = mapped + ignored + rejected.

    `earlier` is the number of new versions with an earlier date than the stored version.
    """

    type: str
    received: int
    mapped: int
    ignored: int
    rejected: int
    earlier: int = 0

    def __post_init__(self) -> None:
        """Check that the three add up to the landed lines.

        Raises:
            StoreError: they do not.
        """
        total = self.mapped + self.ignored + self.rejected
        if total != self.received:
            raise StoreError(
                f"the counts of {self.type} do not balance: {self.received} lines landed, and "
                f"{self.mapped} mapped + {self.ignored} ignored + {self.rejected} rejected "
                f"are {total}. Nothing was stored."
            )


def count_deleted(store: Store, run_id: str) -> dict[str, int]:
    """Return how many stored resources of each type this run found deleted on the server."""
    sql = "select type, count(*) from tombstone where run_id = $run_id group by type order by type"
    return dict(store.rows(sql, {"run_id": run_id}))


def balance(
    store: Store,
    run_id: str,
    ledger: Ledger,
    accounted: Sequence[Accounted],
    landing: Landing,
) -> None:
    """Store the counts, and check that each landed resource is one of the mapped lines.

    Raises:
        StoreError: a received resource is missing among the lines.
    """
    store.insert(
        "ledger",
        [
            (run_id, line.query, line.type, line.expected, line.received, line.pages, line.left_out)
            for line in ledger.lines
        ],
    )
    store.insert(
        "accounted",
        [(run_id, b.type, b.received, b.mapped, b.ignored, b.rejected) for b in accounted],
    )
    seen = {lines.type: lines.received for lines in accounted}
    for kind in sorted({*MAPPED_NAMES, *(line.type for line in ledger.lines)}):
        received = landing.count_received(kind)
        if received != seen.get(kind, 0):
            raise StoreError(
                f"the counts of {kind} do not balance: the pull received {received}, and "
                f"{seen.get(kind, 0)} lines landed. Nothing was stored."
            )
