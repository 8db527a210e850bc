"""Lines of a log: JSON for programs, sentences for people. Both are redacted alike.

structlog carries what all lines have in common, and gives each its time and level. Nothing is
configured for the whole process: a line goes where its maker said.
"""

import logging
from collections.abc import Callable, MutableMapping
from typing import Any, Literal, TypeAlias

import structlog

from abate import redact
from abate.pseudonyms import Naming
from abate.say import NOTE, Field, Level, Say, level_of

Form: TypeAlias = Literal["text", "json"]
Write: TypeAlias = Callable[[str], object]
Line: TypeAlias = MutableMapping[str, Any]

# These come first in a line, in this order; the event's own fields follow as they were given.
FIRST = ("timestamp", "level", "event", "run_id", "command", "text")


def lines(form: Form, write: Write, named: Naming, **common: str) -> Say:
    """A way to speak in lines.

    Args:
        form: `json`, an object a line, or `text`, the sentence alone.
        write: where a line goes.
        named: how resources are named.
        common: what each line of JSON has beside its own fields, as run_id and command.
    """
    logger = structlog.wrap_logger(
        _Written(write),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redacted(named),
            *([_sentence] if form == "text" else [_in_order, structlog.processors.JSONRenderer()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    ).bind(**common)

    def say(
        text: str, /, *, event: str = NOTE, level: Level | None = None, **fields: Field
    ) -> None:
        told = {"text": text} if text else {}
        getattr(logger, level_of(text, level))(event, **told, **fields)

    return say


class _Written:
    """What structlog takes for a logger: each level writes the line."""

    def __init__(self, write: Write) -> None:
        self.info = self.warning = self.error = write


def _redacted(named: Naming) -> Callable[[Any, str, Line], Line]:
    def redacted(_: Any, __: str, line: Line) -> Line:
        return redact.fields(line, named)

    return redacted


def _sentence(_: Any, __: str, line: Line) -> str:
    """The sentence; what has none is for programs only."""
    text: str = line.get("text", "")
    if not text:
        raise structlog.DropEvent
    return text


def _in_order(_: Any, __: str, line: Line) -> Line:
    first = {name: line.pop(name) for name in FIRST if name in line}
    return {**first, **line}
