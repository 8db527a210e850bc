"""The watermark: the moment of the server's clock up to which all changes are in the store.

The next pull asks for what changed since then, so the moment must not be later than the clock that
writes `lastUpdated` was when the pull began. No single clock is trusted for that. A gateway that
writes `Date` may be ahead of the server behind it, and a server may be ahead for one night. The
moment is the earliest of: the server's `Date` and this machine's own time, both from the beginning
of the pull; and the newest `lastUpdated` that was seen, minus the time that the pull took, because
that resource may have been written at the end of the pull. An earlier moment than necessary only
makes the next pull read some resources twice.
"""

from datetime import datetime, timedelta

from abate.ingest.server_state import ServerState
from abate.mapping.statements import sql
from abate.source import Pulled
from abate.store import landing
from abate.store.database import Store
from abate.store.landing import Landing
from abate.telemetry.log import Log

# A smaller difference of two clocks gets no warning.
TOLERATED = timedelta(minutes=5)


def moment(store: Store, kept: ServerState, landed: Landing, pulled: Pulled) -> datetime | None:
    """Return the moment to keep as the watermark; None if the server gives no time.

    Args:
        store: the store with the rows of this pull.
        kept: what the store had before.
        landed: the landing folder, which has the beginning of the pull.
        pulled: what was seen of the server's clock.
    """
    pull = landed.pull
    if pull.watermark is None:
        return None
    until = min(pull.watermark, pull.started_at)
    took = max(landing.now() - pull.started_at, timedelta(0))
    newest = _newest(store, kept.server, pulled, until + took)
    if newest is None:
        return until
    # If nothing has changed since the watermark, no resource has a later date.
    before = kept.moment if landed.has_changes else None
    return min(until, max(newest - took, before or newest - took))


def compare_clocks(landed: Landing, server: str, log: Log) -> None:
    """Warn if the server's clock is ahead of this machine's: one of the two is wrong."""
    pull = landed.pull
    ahead = (pull.watermark or pull.started_at) - pull.started_at
    if ahead > TOLERATED:
        log.warning(
            f"the clock of {server} is {ahead.total_seconds() / 60:.0f} minutes ahead of "
            "this machine's. The next pull asks for what changed since the earlier of the two: "
            "set the clock that is wrong"
        )


def _newest(store: Store, server: str, pulled: Pulled, limit: datetime) -> datetime | None:
    """Return the date of the newest resource up to `limit`; without any, of the newest page."""
    [(stored,)] = store.rows(sql("newest"), {"server": server, "until": limit})
    seen = pulled.newest if pulled.newest is not None and pulled.newest <= limit else None
    moments = [moment for moment in (stored, seen) if moment is not None]
    return max(moments) if moments else pulled.newest_page
