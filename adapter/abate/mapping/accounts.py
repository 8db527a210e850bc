"""The books of the mapping: each line that landed is mapped, ignored by a rule, or rejected."""

from collections.abc import Sequence
from dataclasses import dataclass

from abate.errors import StoreError
from abate.fhir.types import MAPPED_NAMES
from abate.store.database import Store
from abate.store.landing import Landing
from abate.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """What became of the lines of one type: received = mapped + ignored + rejected.

    Of `earlier` the version has an earlier date than the one that the store had.
    """

    type: str
    received: int
    mapped: int
    ignored: int
    rejected: int
    earlier: int = 0

    def __post_init__(self) -> None:
        """Hold the three against what landed.

        Raises:
            StoreError: they do not add up to it.
        """
        total = self.mapped + self.ignored + self.rejected
        if total != self.received:
            raise StoreError(
                f"the books of {self.type} do not balance: {self.received} lines landed, and "
                f"{self.mapped} mapped + {self.ignored} ignored + {self.rejected} rejected "
                f"are {total}. Nothing was stored."
            )


def balance(
    store: Store,
    run_id: str,
    ledger: Ledger,
    accounted: Sequence[Accounted],
    landing: Landing,
) -> None:
    """Enter the books, and hold what landed against what the mapping saw.

    Raises:
        StoreError: a resource was received that no line accounts for.
    """
    store.insert(
        "ledger",
        [
            (run_id, one.query, one.type, one.expected, one.received, one.pages, one.left_out)
            for one in ledger.lines
        ],
    )
    store.insert(
        "accounted",
        [(run_id, b.type, b.received, b.mapped, b.ignored, b.rejected) for b in accounted],
    )
    seen = {one.type: one.received for one in accounted}
    for kind in sorted({*MAPPED_NAMES, *(line.type for line in ledger.lines)}):
        received = landing.count_received(kind)
        if received != seen.get(kind, 0):
            raise StoreError(
                f"the books of {kind} do not balance: the pull received {received}, and "
                f"{seen.get(kind, 0)} lines landed. Nothing was stored."
            )
