"""Whether the figures of an earlier release are known to be still right."""

from abate.releases.items import Estimates, Items, Name


def is_stale(released: Estimates, now: Estimates) -> bool:
    """Whether any figure of a release is not known to be still right.

    That is so if a datum of it has changed, if a unit of it has gone, and if it cannot be
    compared: its analysis failed, is no longer in the study, computes something else, or does not
    say its units. Units that were only added leave a figure right.

    Args:
        released: what the release showed.
        now: all estimates of the latest run.
    """
    return any(
        _is_other(name[0], released, now) or not _is_right(name, items, now)
        for name, items in released.items.items()
    )


def _is_other(analysis: str, released: Estimates, now: Estimates) -> bool:
    """Whether an analysis computes something else now, or nothing."""
    return released.analyses.get(analysis) != now.analyses.get(analysis)


def _is_right(name: Name, items: Items, now: Estimates) -> bool:
    """Whether the estimate is still computed from these data, among others."""
    found = now.items.get(name)
    return found is not None and items <= found
