"""The request limits of a server, and the budget of one pull."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from abate.errors import SourceError
from abate.http import clock

MEBIBYTE = 1 << 20
# A page of 10,000 Observations has about 20 MB. A server that sends more ignores `_count`, and the
# decoded page would not fit into memory.
LARGEST_ANSWER = 256 * MEBIBYTE
# Interactive commands give up after some seconds; a nightly pull waits for a server's restart.
TRIES = 4
TRIES_OF_A_PULL = 7


class BudgetSpent(SourceError):
    """The pull has used up its time or its requests; it ends and stores nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The request limits of a server.

    Attributes:
        tries: the number of attempts at a request if the server is unavailable or busy.
        parallel: how many requests run at once.
        requests_per_second: how many requests begin in a second; None for no limit.
        max_requests: how many requests in total, retries included; None for no limit.
        max_minutes: how long the pull may take; None for no limit.
        largest_answer: the most bytes of one body, as received and decompressed.
        answer_seconds: how long one response may take from its first byte to its last.
    """

    tries: int = TRIES
    parallel: int = 4
    requests_per_second: float | None = None
    max_requests: int | None = None
    max_minutes: float | None = None
    largest_answer: int = LARGEST_ANSWER
    answer_seconds: float = 900


class Budget:
    """The requests, bytes and time used so far, and the rest; safe for threads."""

    def __init__(self, limits: Limits) -> None:
        """Start the clock."""
        self._limits = limits
        self._lock = threading.Lock()
        self._end = inf if limits.max_minutes is None else clock.now() + limits.max_minutes * 60
        self._is_lifted = self._is_halted = False
        self.requests = 0
        self.bytes = 0

    @property
    def seconds_left(self) -> float:
        """Return the seconds left, never zero: `refuse_late` stops a pull without time."""
        return inf if self._is_lifted else max(self._end - clock.now(), 0.001)

    @contextmanager
    def lift(self) -> Iterator[None]:
        """Exempt requests from the budget, so that a pull can clean up on the server."""
        self._is_lifted = True
        try:
            yield
        finally:
            self._is_lifted = False

    @contextmanager
    def halt(self) -> Iterator[None]:
        """Stop all requests, running ones too, since the pull has ended."""
        self._is_halted = True
        try:
            yield
        finally:
            self._is_halted = False

    def spend_request(self) -> None:
        """Count one request.

        Raises:
            BudgetSpent: no request or no time is left.
        """
        self.refuse_late()
        with self._lock:
            if self._limits.max_requests is not None and not self._is_lifted:
                _refuse_more(self.requests, self._limits.max_requests)
            self.requests += 1

    def spend_bytes(self, count: int) -> None:
        """Count bytes that were read.

        Raises:
            BudgetSpent: the time is used up.
        """
        self.refuse_late()
        with self._lock:
            self.bytes += count

    def refuse_late(self, wait: float = 0) -> None:
        """Stop if the time is used up, or would be after a wait of `wait` seconds.

        Raises:
            BudgetSpent: names the setting.
        """
        if self._is_halted:
            raise BudgetSpent("the pull has ended")
        if clock.now() + wait >= self._end and not self._is_lifted:
            raise BudgetSpent(
                f"the pull's budget of {self._limits.max_minutes:g} minutes is used up: raise "
                "[source] max_minutes, or leave it out"
            )


def _refuse_more(spent: int, most: int) -> None:
    if spent >= most:
        raise BudgetSpent(
            f"the pull's budget of {most} requests is used up: raise [source] max_requests, or "
            "leave it out"
        )
