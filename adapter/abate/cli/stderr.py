"""The log of a command on stderr: text on a terminal, else JSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Literal, TypeAlias

from abate.cli import options

if TYPE_CHECKING:
    from abate.telemetry.log import Handler, Line

Form: TypeAlias = Literal["auto", "text", "json"]

# If stderr is not a terminal, progress events are shown at most this often.
EVERY_SECONDS = 30.0


@contextmanager
def handlers(form: Form, *, is_quiet: bool) -> Iterator[list["Handler"]]:
    """Yield the handlers of a command's log."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    if is_quiet:
        yield []
    elif form == "json" or (form == "auto" and not is_terminal):
        yield [_Lines(is_json=True)]
    elif not is_terminal:
        yield [_Lines(is_json=False)]
    else:
        terminal = _Terminal()
        try:
            yield [terminal]
        finally:
            terminal.hide()


class _Lines:
    """Writes one line per event; progress events only every 30 seconds, with their throughput."""

    def __init__(self, *, is_json: bool) -> None:
        from rich.progress import Progress

        from abate.telemetry.throughput import Throughput

        self._is_json = is_json
        self._throughput = Throughput(Progress(disable=True, get_time=monotonic))
        self._shown_at = monotonic()

    def __call__(self, line: "Line") -> None:
        from abate.telemetry import log
        from abate.telemetry.throughput import words

        self._throughput.follow(line)
        if line["event"] in log.PROGRESS:
            if monotonic() - self._shown_at < EVERY_SECONDS:
                return
            self._shown_at = monotonic()
            reading = self._throughput.reading()
            line = {**line, **reading, "text": f"{line.get('text', '')}{words(reading)}"}
        if text := log.as_json(line) if self._is_json else log.sentence(line):
            options.print_error(text)


class _Terminal:
    """Writes sentences, and below them a progress line of the pull that is overwritten."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        from abate.telemetry.throughput import Throughput

        # auto_refresh writes from a thread of rich, where a closed terminal raises an error
        # (rich 15.0, 2026-12).
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        self._throughput = Throughput(self._progress)

    def __call__(self, line: "Line") -> None:
        from abate.telemetry import log
        from abate.telemetry.throughput import words

        self._throughput.follow(line)
        if line["event"] in log.PROGRESS:
            text = f"{line.get('text', '')}{words(self._throughput.reading())}"
            self._progress.update(self._throughput.work, description=text)
            self._show()
            return
        self.hide()
        if text := log.sentence(line):
            options.print_error(text)

    def hide(self) -> None:
        """Remove the progress line."""
        self._progress.stop()

    def _show(self) -> None:
        self._progress.start()
        self._progress.refresh()
