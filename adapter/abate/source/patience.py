"""Ask until there is an answer, or until it is plain that none will come.

urllib3's Retry looks at status and connection only. Here a whole answer is judged, all threads of
a pull rest together, and every wait is paid from one budget.
"""

from collections.abc import Callable
from itertools import count

from abate.source import Say, clock
from abate.source.answer import Answer
from abate.source.limits import Budget, Limits
from abate.source.pace import Pace
from abate.source.trouble import Trouble
from abate.source.waiting import backoff

# Shorter waits are nobody's concern.
_TOLD_SECONDS = 5


class Patience:
    """How often one server is asked, and when; safe for threads."""

    def __init__(self, limits: Limits, budget: Budget, say: Say) -> None:
        """Ask within `limits`, from one `budget`; long waits are said."""
        self._tries, self._say, self._budget = limits.tries, say, budget
        self._pace = Pace(limits, budget)

    def ask(self, attempt: Callable[[], Answer], *, is_read: bool) -> Answer:
        """The answer of the first attempt that is whole, or of the last one.

        Args:
            attempt: sends one request, and raises Trouble where it went wrong.
            is_read: whether it may be sent again; a write is, only if nothing was sent.

        Raises:
            SourceError: no attempt brought an answer.
            BudgetSpent: time or requests are used up.
        """
        for tried in count(1):
            try:
                with self._pace.turn():
                    return attempt()
            except Trouble as trouble:
                if not trouble.is_worth(tried, self._tries, is_read=is_read):
                    return trouble.ending()
                self._wait(trouble, tried)
        raise AssertionError  # count has no end

    def _wait(self, trouble: Trouble, tried: int) -> None:
        seconds = trouble.asked or backoff(tried)
        self._budget.refuse_late(seconds)
        if seconds >= _TOLD_SECONDS:
            self._say(f"{trouble.words}: asking again in {seconds:.0f} s")
        if trouble.is_rest:
            self._pace.rest(seconds)
        else:
            clock.sleep(seconds)
