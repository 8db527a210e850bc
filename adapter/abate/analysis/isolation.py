"""Call a plugin's code, whatever it does.

The text of its exception may hold patient data: only the kind and the place are told. So may
what it prints, warns of and logs, which goes nowhere.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BufferedWriter, RawIOBase, TextIOWrapper
from pathlib import Path
from traceback import walk_tb
from typing import Any, TypeVar

from abate.errors import AbateError, PluginError
from abate.telemetry import signals

T = TypeVar("T")


def isolate(call: Callable[[], T], module: str) -> T:
    """What `call` gives; `module` is the plugin's, to find its own line.

    Raises:
        PluginError: it stopped; says what happened where, without the text.
        AbateError: abate itself refused what the plugin asked for.
    """
    try:
        with unheard():
            return call()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # sys.exit, and the panics of Rust libraries, too.
        signals.raise_if_signalled()
        if isinstance(problem, AbateError) and _modules(problem)[-1] == "abate":
            raise
        raise PluginError(place(problem, module)) from None


@contextmanager
def unheard() -> Iterator[None]:
    """What Python code prints, warns of or logs in here goes nowhere: stdout is for our JSON."""
    nowhere = TextIOWrapper(BufferedWriter(_Nowhere()), encoding="utf-8", errors="replace")
    with (
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


class _Nowhere(RawIOBase):
    """A file that forgets; unlike /dev/null it may be left open, as by a log handler."""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return len(content)


def place(problem: BaseException, module: str) -> str:
    """The kind of an exception, where it was raised, and from which line of the plugin."""
    frames = list(walk_tb(problem.__traceback__))
    where = [f"{Path(frame.f_code.co_filename).name}, line {line}" for frame, line in frames]
    package = module.partition(".")[0]
    own = [frame for frame, name in zip(where, _modules(problem), strict=True) if name == package]
    called = f", called from {own[-1]}" if own and own[-1] != where[-1] else ""
    return f"{type(problem).__name__} in {where[-1]}{called}"


def _modules(problem: BaseException) -> list[str]:
    """The top package of each frame, the outermost first."""
    frames = walk_tb(problem.__traceback__)
    return [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
