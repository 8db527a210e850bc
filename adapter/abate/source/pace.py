"""When the next request may begin: so many at once, so many a second, none while a server rests.

One pace is shared by all threads that ask a server.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

from abate.source import clock
from abate.source.limits import Budget, Limits


class Pace:
    """The turns of the requests to one server; safe for threads."""

    def __init__(self, limits: Limits, budget: Budget) -> None:
        """Turns as `limits` want them, paid from `budget`."""
        self._places = threading.BoundedSemaphore(limits.parallel)
        self._gap = 1 / limits.requests_per_second if limits.requests_per_second else 0.0
        self._budget = budget
        self._lock = threading.Lock()
        self._next = -inf
        self._rest_until = -inf

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and for the moment, and keep the place while a request runs.

        Raises:
            BudgetSpent: the wait would be too long, or no request is left.
        """
        with self._places:
            while (wait := self._wait()) > 0:
                self._budget.refuse_late(wait)
                clock.sleep(wait)
            self._budget.spend_request()
            yield

    def rest(self, seconds: float) -> None:
        """Let no request begin for so long, of any thread: the server has asked for it."""
        with self._lock:
            self._rest_until = max(self._rest_until, clock.now() + seconds)

    def _wait(self) -> float:
        """Seconds until a request may begin; where it may at once, the next one's gap begins."""
        with self._lock:
            now = clock.now()
            wait = max(self._next, self._rest_until) - now
            if wait <= 0:
                self._next = now + self._gap
            return wait
