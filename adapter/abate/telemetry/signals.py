"""Signals that end a command from outside: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

Each raises KeyboardInterrupt in the main thread. That exception does not always arrive: DuckDB 2.0
answers with `RuntimeError: Query interrupted` in its place, other libraries with errors of their
own, and Python drops what is raised in a destructor. So that a signal came is noted here. Whoever
handles an error asks first whether a signal caused it, and between two steps of the work a signal
that was dropped is raised again.
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
    """Whether a signal has asked this process to end."""
    return bool(_came)


def raise_if_signalled() -> None:
    """End the work where a signal has asked for it.

    Raises:
        KeyboardInterrupt: one has.
    """
    if _came:
        raise KeyboardInterrupt


def settle() -> None:
    """Ignore signals from here on: how the command ends is known, and is being written down.

    The exit code of the process would otherwise contradict the status that it leaves.
    """
    _settled.set()


@contextmanager
def end_by_signals() -> Iterator[None]:
    """Within this block a signal raises KeyboardInterrupt, and is noted.

    Whatever error a signal becomes on its way, this block ends with KeyboardInterrupt. Signals that
    are ignored stay so: `nohup` keeps a command alive that way. Only the main thread can do this;
    in another one nothing changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    _came.clear()
    _settled.clear()
    numbers = {getattr(signal, name) for name in ENDING if hasattr(signal, name)}
    before = {one: signal.getsignal(one) for one in numbers}
    heeded = [one for one in numbers if before[one] is not signal.SIG_IGN]
    for one in heeded:
        signal.signal(one, _stop)
    try:
        yield
    except BaseException:
        if _came:
            raise KeyboardInterrupt from None
        raise
    finally:
        for one in heeded:
            signal.signal(one, before[one])
        _came.clear()


def ignore() -> None:
    """Let no signal disturb the last moments of the process: how it ends is known by then."""
    for name in ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _stop(number: int, _: Any) -> None:
    if _settled.is_set():
        return
    _came.append(number)
    raise KeyboardInterrupt
