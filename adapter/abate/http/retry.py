"""Retries and rate limiting: attempts, waits, and the turns of the threads.

urllib3's Retry checks the status and the connection only. Here the complete answer is checked, all
threads of a pull pause together, and every wait counts against one budget.
"""

import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from math import inf
from types import TracebackType

from abate.http import clock
from abate.http.budget import Budget, Limits
from abate.http.failures import Failure
from abate.http.response import Answer, http_date
from abate.telemetry.log import Log

BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0
# Cerner has asked for five hours; a nightly job cannot wait that long for one answer.
LONGEST_WAIT_SECONDS = 120.0
# More than a day is an error: some servers send the time of day in seconds.
_SENSIBLE_SECONDS = 86_400
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
# Shorter waits are not logged.
_TOLD_SECONDS = 5


class Attempts:
    """The attempts at one operation, counted from 1, with a wait between two attempts.

    attempts = Attempts(limits.tries)
    while True:
        answer = ...
        if answer.status not in BUSY or attempts.is_last:
            return answer
        attempts.wait(answer)
    """

    def __init__(self, most: float = inf) -> None:
        """Allow `most` attempts."""
        self.number, self._most = 1, most

    @property
    def is_last(self) -> bool:
        """Whether this is the last attempt."""
        return self.number >= self._most

    def seconds(self, answer: Answer | None = None) -> float:
        """Return the wait before the next attempt: as the answer asks, or longer each time."""
        return seconds_to_wait(self.number, answer)

    def wait(
        self,
        answer: Answer | None = None,
        seconds: float | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Wait before the next attempt by `sleep`; for `seconds`, if given."""
        (sleep or clock.sleep)(self.seconds(answer) if seconds is None else seconds)
        self.number += 1


class Turns:
    """Limits the requests to one server: how many at once, and how many a second.

    All threads share it. While the server asks for a pause, no request begins.
    """

    def __init__(self, limits: Limits, budget: Budget) -> None:
        """Apply `limits`, and count requests against `budget`."""
        self._places = threading.BoundedSemaphore(limits.parallel)
        self._gap = 1 / limits.requests_per_second if limits.requests_per_second else 0.0
        self._budget = budget
        self._lock = threading.Lock()
        self._next = -inf
        self._paused_until = -inf

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may begin, and hold its slot while it runs.

        Raises:
            BudgetSpent: the wait would be too long, or no request is left.
        """
        with self._places:
            while (wait := self._wait()) > 0:
                self._budget.refuse_late(wait)
                clock.sleep(wait)
            self._budget.spend_request()
            yield

    def pause(self, seconds: float) -> None:
        """Delay the requests of all threads, since the server asked for it."""
        with self._lock:
            self._paused_until = max(self._paused_until, clock.now() + seconds)

    def _wait(self) -> float:
        """Return the seconds until a request may begin; if zero, reserve the time for it."""
        with self._lock:
            now = clock.now()
            wait = max(self._next, self._paused_until) - now
            if wait <= 0:
                self._next = now + self._gap
            return wait


class RequestAttempt:
    """One attempt at a request: a context manager that holds a slot and handles a failure."""

    def __init__(self, retry: "Retry", *, is_read: bool) -> None:
        """Begin the first attempt; `is_read` allows the request to be repeated."""
        self.answer: Answer | None = None
        self._retry, self._is_read = retry, is_read
        self._attempts, self._turn = Attempts(), ExitStack()

    @property
    def outcome(self) -> Answer:
        """Return the answer of the last attempt."""
        if self.answer is None:
            raise RuntimeError("this attempt is not the last one")
        return self.answer

    def __enter__(self) -> None:
        self._turn.enter_context(self._retry.turns.turn())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._turn.close()
        if isinstance(error, Failure):
            self._judge(error)
            return True
        return False

    def _judge(self, failure: Failure) -> None:
        """Wait for the next attempt; if there is none, keep the answer of this one.

        Raises:
            SourceError: there is no answer.
            BudgetSpent: the wait would be too long.
        """
        tries = self._retry.limits.tries
        if failure.is_worth_repeating(self._attempts.number, tries, is_read=self._is_read):
            self._retry.wait(self._attempts, failure)
        else:
            self.answer = failure.result()


class Retry:
    """Repeats failed requests to one server if another attempt may succeed; safe for threads.

    for attempt in retry.attempts(is_read=True):
        with attempt:
            attempt.answer = transport.send(request)
    """

    def __init__(self, limits: Limits, budget: Budget, log: Log) -> None:
        """Apply `limits` and one `budget`; log long waits."""
        self.limits, self.turns = limits, Turns(limits, budget)
        self._log, self._budget = log, budget

    def attempts(self, *, is_read: bool) -> Iterator[RequestAttempt]:
        """Yield attempts at one request, until one has a complete answer or is the last.

        Args:
            is_read: whether the request may be repeated; a write is repeated only if it was not
                sent.

        Raises:
            SourceError: no attempt received an answer.
            BudgetSpent: time or requests are used up.
        """
        attempt = RequestAttempt(self, is_read=is_read)
        while attempt.answer is None:
            yield attempt

    def wait(self, attempts: Attempts, failure: Failure) -> None:
        """Wait for the next attempt; if the server is busy, delay all threads."""
        seconds = attempts.seconds(failure.answer)
        self._budget.refuse_late(seconds)
        if seconds >= _TOLD_SECONDS:
            self._log.info(f"{failure.words}: asking again in {seconds:.0f} s")
        attempts.wait(seconds=seconds, sleep=self.turns.pause if failure.is_busy else None)


def seconds_to_wait(number: int, answer: Answer | None = None) -> float:
    """Return the wait after attempt `number`: as the server asks, or longer each time."""
    asked = read_retry_after(answer.headers) if answer else None
    return asked or backoff(number)


def backoff(number: int) -> float:
    """Return the wait after attempt `number`: doubled each time, with random jitter of up to half.

    The jitter keeps clients that failed at the same time from retrying at the same time.
    """
    longest = min(BACKOFF_SECONDS * 2.0 ** min(number - 1, 30), LONGEST_BACKOFF_SECONDS)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret depends on it


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a server asks for, at most two minutes; None if there is no valid one.

    `Retry-After` is a number of seconds or an HTTP date, which is compared with the server's own
    clock: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. Some servers send an epoch, in
    seconds or milliseconds, or a negative number; the caller then uses its backoff.
    """
    seconds = _seconds(headers)
    if seconds is None or not 0 < seconds <= _SENSIBLE_SECONDS:
        return None
    return min(seconds, LONGEST_WAIT_SECONDS)


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    return (until - now).total_seconds()
