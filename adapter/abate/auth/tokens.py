"""Access tokens: kept in memory, shared by all threads, asked for anew when they end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

# What SMART says that a token should last at most, where a server does not say.
ASSUMED_SECONDS = 300.0
# A token this near to its end may be over before it arrives.
MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and until when it is used, on the clock of `time.monotonic`."""

    value: str = field(repr=False)
    until: float


def token(value: str, asked_at: float, expires_in: float | None) -> Token:
    """A token that was asked for at `asked_at`; it is used until shortly before its end."""
    lasts = ASSUMED_SECONDS if expires_in is None else expires_in
    return Token(value, asked_at + lasts - min(MARGIN_SECONDS, lasts / 10))


class Tokens:
    """One token at a time; whoever needs one while it is asked for waits for it."""

    def __init__(self, ask: Callable[[], Token]) -> None:
        """Ask for tokens by `ask`, when the first one is needed."""
        self._ask = ask
        self._lock = Lock()
        self._token: Token | None = None

    def current(self) -> str:
        """The token's value.

        Raises:
            SourceError: none is to be had.
        """
        with self._lock:
            if self._token is None or time.monotonic() >= self._token.until:
                self._token = None
                self._token = self._ask()
            return self._token.value

    def drop(self, value: str) -> None:
        """Use this token no more; one that has come in its place meanwhile stays."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None
