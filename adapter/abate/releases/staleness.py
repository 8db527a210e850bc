"""Whether the figures of an earlier release are still right for the units that they were of."""

from abate.releases.items import Estimates, Items, Name


def is_stale(released: Estimates, now: Estimates) -> bool:
    """Whether a datum of a released estimate has changed, or a unit of it has gone.

    Units that were only added leave a figure right. Of an analysis that failed nothing is known.

    Args:
        released: what the release showed.
        now: all estimates of the latest run.
    """
    return any(
        not _is_right(name, items, now)
        for name, items in released.items.items()
        if name[0] in now.analyses
    )


def _is_right(name: Name, items: Items, now: Estimates) -> bool:
    """Whether the estimate is still computed from these data, among others."""
    found = now.items.get(name)
    return found is not None and items <= found
