"""The log: structlog lines with a sentence for people and fields for programs.

    log.info("trying again in 7 s")
    log.info("pulled 73 of 73", name="query.done", query="pain scores", received=73)
    log.info("", name="run.begin", version="0.2")
    log.warning("the server takes no search by POST")

A line with an empty sentence is for programs only. Each `name` is stable between versions and is
documented in docs/reference/logs.md. Fields are texts, numbers or booleans, never nested. No line
names a patient: the id of a resource goes through `Progress.pseudonym`, and every line is redacted.

structlog is not configured globally: a line goes only to the handlers of its logger.
"""

import json
from collections.abc import Callable, MutableMapping
from threading import Lock
from time import monotonic
from typing import Any, TypeAlias

import structlog
from structlog.typing import FilteringBoundLogger

from abate.telemetry import redact
from abate.telemetry.pseudonyms import Naming, naming

Log: TypeAlias = FilteringBoundLogger
Line: TypeAlias = MutableMapping[str, Any]
Handler: TypeAlias = Callable[[Line], object]

NOTE = "note"
# Events that are frequent during a long pull or comparison.
PROGRESS = ("query.begin", "query.page", "patients.done", "target.page")
# The first fields of a JSON line, in this order; the event's own fields follow.
FIRST = ("timestamp", "level", "event", "run_id", "command", "text")


def logger(*handlers: Handler, named: Naming | None = None, **bound: str) -> Log:
    """Return a logger for one command; threads may share it.

    Args:
        handlers: each gets every line, one line at a time.
        named: makes the pseudonyms of resources; default: pseudonyms for this process only.
        bound: fields of every line, such as run_id and command.
    """
    lock, times = Lock(), _Times()

    def handle(_: Any, __: str, line: Line) -> str:
        with lock:
            times.add(line)
            for handler in handlers:
                handler(line)
        raise structlog.DropEvent

    wrapped: Log = structlog.wrap_logger(
        None,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("text", replace_by="name"),
            _redacting(named or naming(None)),
            handle,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return wrapped.bind(**bound)


def sentence(line: Line) -> str:
    """Return a line for people; an empty text if the line is for programs only."""
    text = str(line.get("text", ""))
    return f"warning: {text}" if text and line["level"] == "warning" else text


def as_json(line: Line) -> str:
    """Return a line for programs."""
    first = {name: line[name] for name in FIRST if name in line}
    return json.dumps({**first, **line})


def _redacting(named: Naming) -> Callable[[Any, str, Line], Line]:
    def redact_line(_: Any, __: str, line: Line) -> Line:
        line.setdefault("event", NOTE)
        if not line["text"]:
            del line["text"]
        return redact.fields(line, named)

    return redact_line


class _Times:
    """Adds to `query.done` how many seconds the query took, over all its parts."""

    def __init__(self) -> None:
        self._spent: dict[tuple[Any, Any], float] = {}
        self._query: tuple[Any, Any] | None = None
        self._at = monotonic()

    def add(self, line: Line) -> None:
        now, query = monotonic(), (line.get("query"), line.get("type"))
        if self._query is not None:
            self._spent[self._query] = self._spent.get(self._query, 0.0) + now - self._at
        self._query = query if line["event"] in ("query.begin", "query.page") else None
        self._at = now
        if line["event"] == "query.done":
            line["seconds"] = round(self._spent.get(query, 0.0), 3)


SILENT = logger()
