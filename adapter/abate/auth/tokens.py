"""Access tokens: kept in memory, shared by all threads, requested again when they expire."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

# The longest lifetime that SMART recommends; used if a server sends none.
ASSUMED_SECONDS = 300.0
# A token this close to its expiry may expire before it is received.
MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the end of its use, on the clock of `time.monotonic`."""

    value: str = field(repr=False)
    until: float


def token(value: str, asked_at: float, expires_in: float | None) -> Token:
    """Make a token that was requested at `asked_at`; it is used until shortly before it expires."""
    lasts = ASSUMED_SECONDS if expires_in is None else expires_in
    return Token(value, asked_at + lasts - min(MARGIN_SECONDS, lasts / 10))


class Tokens:
    """Holds one token; threads that need it wait while it is requested."""

    def __init__(self, ask: Callable[[], Token]) -> None:
        """Request tokens by `ask`, when the first one is needed."""
        self._ask = ask
        self._lock = Lock()
        self._token: Token | None = None

    def current(self) -> str:
        """Return the value of the token.

        Raises:
            SourceError: no token could be obtained.
        """
        with self._lock:
            if self._token is None or time.monotonic() >= self._token.until:
                self._token = None
                self._token = self._ask()
            return self._token.value

    def drop(self, value: str) -> None:
        """Stop using this token, unless another thread has already replaced it."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None
