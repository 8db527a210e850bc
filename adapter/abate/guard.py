"""Call a plugin's code, whatever it does.

The text of its exception may hold patient data: only the kind and the place are told.
"""

from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from typing import TypeVar

from abate.errors import AbateError, PluginError

T = TypeVar("T")


def guarded(call: Callable[[], T], module: str) -> T:
    """What `call` gives; `module` is the plugin's, to find its own line.

    Raises:
        PluginError: it stopped; says what happened where, without the text.
        AbateError: abate itself refused what the plugin asked for.
    """
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # sys.exit, and the panics of Rust libraries, too.
        if isinstance(problem, AbateError) and _modules(problem)[-1] == "abate":
            raise
        raise PluginError(place(problem, module)) from None


def place(problem: BaseException, module: str) -> str:
    """The kind of an exception, where it was raised, and from which line of the plugin."""
    frames = list(walk_tb(problem.__traceback__))
    where = [f"{Path(frame.f_code.co_filename).name}, line {line}" for frame, line in frames]
    package = module.partition(".")[0]
    own = [one for one, name in zip(where, _modules(problem), strict=True) if name == package]
    called = f", called from {own[-1]}" if own and own[-1] != where[-1] else ""
    return f"{type(problem).__name__} in {where[-1]}{called}"


def _modules(problem: BaseException) -> list[str]:
    """The top package of each frame, the outermost first."""
    frames = walk_tb(problem.__traceback__)
    return [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
