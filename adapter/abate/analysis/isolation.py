"""Call a plugin's code, and turn any exception into an error of abate.

The text of an exception may hold patient data, so only its kind and place are reported. So may
the plugin's output, warnings and log messages, which are dropped.
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
    """Return the result of `call`; `module` is the plugin's, to find its own line.

    Raises:
        PluginError: it stopped; names the kind and place of the exception, without its text.
        AbateError: abate itself refused a call of the plugin.
    """
    try:
        with unheard():
            return call()
    except KeyboardInterrupt:
        raise
    except (
        BaseException
    ) as problem:  # BaseException: sys.exit and the panics of Rust libraries, too.
        signals.raise_if_signalled()
        if isinstance(problem, AbateError) and _modules(problem)[-1] == "abate":
            raise
        raise PluginError(place(problem, module)) from None


@contextmanager
def unheard() -> Iterator[None]:
    """Drop all output, warnings and log messages of Python code: stdout is for abate's JSON."""
    nowhere = TextIOWrapper(BufferedWriter(_Nowhere()), encoding="utf-8", errors="replace")
    with (
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


class _Nowhere(RawIOBase):
    """A file that drops its content; unlike /dev/null it may be left open, as by a log handler."""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return len(content)


def place(problem: BaseException, module: str) -> str:
    """Return the kind of an exception, its place, and the line of the plugin that led there."""
    frames = list(walk_tb(problem.__traceback__))
    where = [f"{Path(frame.f_code.co_filename).name}, line {line}" for frame, line in frames]
    package = module.partition(".")[0]
    own = [frame for frame, name in zip(where, _modules(problem), strict=True) if name == package]
    called = f", called from {own[-1]}" if own and own[-1] != where[-1] else ""
    return f"{type(problem).__name__} in {where[-1]}{called}"


def _modules(problem: BaseException) -> list[str]:
    """Yield the top package of each frame, the outermost first."""
    frames = walk_tb(problem.__traceback__)
    return [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
