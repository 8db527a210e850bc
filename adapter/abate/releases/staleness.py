"""Whether the figures of an earlier release are still known to be right."""

from abate.releases.items import Estimates, Items, Name


def is_stale(released: Estimates, now: Estimates) -> bool:
    """Whether a figure of a release may be wrong by now.

    It may be if one of its data has changed, if one of its units was deleted, or if it cannot be
    compared: its analysis failed, is no longer in the study, computes something else, or does not
    give its units. Added units do not make a figure wrong.

    Args:
        released: the published estimates.
        now: all estimates of the latest run.
    """
    return any(
        _is_other(name[0], released, now) or not _is_right(name, items, now)
        for name, items in released.items.items()
    )


def _is_other(analysis: str, released: Estimates, now: Estimates) -> bool:
    """Whether an analysis now computes something else, or nothing."""
    return released.analyses.get(analysis) != now.analyses.get(analysis)


def _is_right(name: Name, items: Items, now: Estimates) -> bool:
    """Whether the estimate is still computed from these data, and perhaps from more."""
    current = now.items.get(name)
    return current is not None and items <= current
