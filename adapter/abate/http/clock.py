"""The clock of the HTTP layer, and its one way to wait: tests put theirs in this place."""

import time


def now() -> float:
    """Seconds on a clock that only goes forward."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
