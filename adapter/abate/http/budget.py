"""How a server may be asked, and what asking it may cost: settings, and the books of one pull."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from abate.errors import SourceError
from abate.http import clock

MEBIBYTE = 1 << 20
# A page of 10,000 Observations has about 20 MB. More than this is a server that has lost its
# count, and would not fit into memory beside what is made of it.
LARGEST_ANSWER = 256 * MEBIBYTE
# Interactive commands give up after some seconds; a pull at night sits out a server's restart.
TRIES = 4
TRIES_OF_A_PULL = 7


class BudgetSpent(SourceError):
    """The pull has used up its time or its requests: it ends with nothing stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How a server may be asked.

    Attributes:
        tries: how often one thing is asked for in all, where the server is away or busy.
        parallel: how many requests run at once.
        requests_per_second: how many begin in a second; None: as many as there are.
        max_requests: how many requests in all, repeated ones too; None: no end.
        max_minutes: how long all may take; None: no end.
        largest_answer: bytes of one body, as it comes and unpacked.
        answer_seconds: how long one answer may take from its first byte to its last.
    """

    tries: int = TRIES
    parallel: int = 4
    requests_per_second: float | None = None
    max_requests: int | None = None
    max_minutes: float | None = None
    largest_answer: int = LARGEST_ANSWER
    answer_seconds: float = 900


class Budget:
    """What was asked and read until now, and what is left; threads share it."""

    def __init__(self, limits: Limits) -> None:
        """Time runs from now on."""
        self._limits = limits
        self._lock = threading.Lock()
        self._end = inf if limits.max_minutes is None else clock.now() + limits.max_minutes * 60
        self._is_lifted = self._is_halted = False
        self.requests = 0
        self.bytes = 0

    @property
    def seconds_left(self) -> float:
        """How much time is left, and never none: what has no time left is refused elsewhere."""
        return inf if self._is_lifted else max(self._end - clock.now(), 0.001)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Let some requests pass in any case: those that leave the server tidy."""
        self._is_lifted = True
        try:
            yield
        finally:
            self._is_lifted = False

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Let no request begin or go on: something has ended what they are for."""
        self._is_halted = True
        try:
            yield
        finally:
            self._is_halted = False

    def spend_request(self) -> None:
        """Enter one request.

        Raises:
            BudgetSpent: there is none left, or no time.
        """
        self.refuse_late()
        with self._lock:
            if self._limits.max_requests is not None and not self._is_lifted:
                _refuse_more(self.requests, self._limits.max_requests)
            self.requests += 1

    def spend_bytes(self, count: int) -> None:
        """Enter bytes that were read.

        Raises:
            BudgetSpent: the time is over.
        """
        self.refuse_late()
        with self._lock:
            self.bytes += count

    def refuse_late(self, wait: float = 0) -> None:
        """Stop where the time is over, or would be after a wait of so many seconds.

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
