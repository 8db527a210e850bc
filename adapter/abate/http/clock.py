"""The clock and the sleep function of the HTTP layer; tests replace them."""

import time


def now() -> float:
    """Return the seconds of a monotonic clock."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait for this number of seconds."""
    time.sleep(seconds)
