"""How long to wait before something is asked for again."""

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from abate.source.answer import http_date

BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0
# Cerner has asked for five hours: nobody's nightly job waits that long in one place.
LONGEST_WAIT_SECONDS = 120.0
# More than a day is no wait but a mistake: servers are seen to send the time of the day in seconds.
_SENSIBLE_SECONDS = 86_400
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def backoff(tried: int) -> float:
    """Seconds after so many tries: doubled each time, of which the upper half is by chance.

    Chance keeps clients that were turned away together from coming back together.
    """
    longest = min(BACKOFF_SECONDS * 2.0 ** min(tried - 1, 30), LONGEST_BACKOFF_SECONDS)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret depends on it


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks us to wait, at most two minutes; None if it says nothing sensible.

    `Retry-After` is a number of seconds or an HTTP date, which is read by the server's own clock:
    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. In the wild it is also an epoch, in
    seconds or milliseconds, or negative: then the caller's backoff is better.
    """
    seconds = _seconds(headers)
    if seconds is None or not 0 < seconds <= _SENSIBLE_SECONDS:
        return None
    return min(seconds, LONGEST_WAIT_SECONDS)


def _seconds(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    until = http_date(said)
    if until is None:
        return None
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    return (until - now).total_seconds()
