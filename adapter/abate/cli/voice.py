"""How a command speaks on stderr: in sentences on a terminal, in lines of JSON elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

from abate.cli import common

if TYPE_CHECKING:
    from abate.pseudonyms import Naming
    from abate.say import Say

Chosen: TypeAlias = Literal["auto", "text", "json"]

# A line that is written over again changes not more often: people are to read it.
LINE_SECONDS = 0.2


@contextmanager
def voice(chosen: Chosen, named: "Naming", *, is_quiet: bool, **bound: str) -> Iterator["Say"]:
    """Speak for the time of a command; `bound` stands in each line of JSON."""
    from abate import log, pace
    from abate.say import silent

    if is_quiet:
        yield silent
        return
    is_terminal = _is_terminal()
    if chosen == "json" or (chosen == "auto" and not is_terminal):
        say = log.lines("json", common.say, named, **bound)
        yield pace.Paced(say, say, every=pace.EVERY_SECONDS)
        return
    line = _Line()
    say = log.lines("text", line.above, named)
    if is_terminal:
        over = log.lines("text", line.show, named)
        say = pace.Paced(say, over, every=LINE_SECONDS)
    else:
        say = pace.Paced(say, say, every=pace.EVERY_SECONDS)
    try:
        yield say
    finally:
        line.hide()


class _Line:
    """The last line of a terminal, written over again and again."""

    def __init__(self) -> None:
        self._shown = 0

    def show(self, text: str) -> None:
        """Write over what stands there."""
        short = text[: _columns() - 1]
        self._write("\r" + short.ljust(self._shown))
        self._shown = len(short)

    def above(self, text: str) -> None:
        """Say something that stays."""
        self.hide()
        common.say(text)

    def hide(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
