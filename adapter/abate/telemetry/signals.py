"""Signals that end a command: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

Each raises KeyboardInterrupt in the main thread. That exception does not always arrive: DuckDB 2.0
raises `RuntimeError: Query interrupted` instead, other libraries raise their own errors, and Python
drops an exception that is raised in a destructor. So this module records that a signal was
received. An error handler checks first whether a signal caused the error, and between two steps of
the work a dropped signal is raised again.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import Any

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # There is no SIGHUP on Windows.

_came: list[int] = []
_settled = Event()


def is_asked() -> bool:
    """Return whether a signal has asked this process to end."""
    return bool(_came)


def raise_if_signalled() -> None:
    """Stop if a signal has asked this process to end.

    Raises:
        KeyboardInterrupt: a signal was received.
    """
    if _came:
        raise KeyboardInterrupt


def settle() -> None:
    """Ignore signals from here on, since the end of the command is being recorded.

    Otherwise the exit code of the process could contradict the recorded status.
    """
    _settled.set()


@contextmanager
def end_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt on a signal within this block, and record the signal.

    The block ends with KeyboardInterrupt even if a library turned the signal into another error.
    Signals that were ignored before remain ignored, as `nohup` needs. Python sets signal handlers
    only in the main thread; in another thread this does nothing.
    """
    if current_thread() is not main_thread():
        yield
        return
    _came.clear()
    _settled.clear()
    numbers = {getattr(signal, name) for name in ENDING if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in numbers}
    heeded = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for signal_number in heeded:
        signal.signal(signal_number, _stop)
    try:
        yield
    except BaseException:
        if _came:
            raise KeyboardInterrupt from None
        raise
    finally:
        for signal_number in heeded:
            signal.signal(signal_number, before[signal_number])
        _came.clear()


def ignore() -> None:
    """Ignore all signals while the process exits: its exit code is already known."""
    for name in ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _stop(number: int, _: Any) -> None:
    if _settled.is_set():
        return
    _came.append(number)
    raise KeyboardInterrupt
