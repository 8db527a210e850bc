"""Error messages for the keys of the study file; they never show the value that was found."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from abate.config.positions import Location
from abate.config.settings import Settings
from abate.errors import nearest

WORDS = {
    "bool_type": "expected true or false",
    "dict_type": "expected a table",
    "fault": "{words}",
    "float_type": "expected a number",
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "int_type": "expected a whole number",
    "less_than_equal": "expected {le:g} or less",
    "list_type": 'expected a list, such as ["a", "b"]',
    "literal_error": "expected {expected}",
    "missing": "this key is missing",
    "model_type": "expected a table",
    "string_pattern_mismatch": (
        "expected lower-case letters, digits and '-', not beginning with '-' (63 at most)"
    ),
    "string_type": 'expected text, in quotes: "..."',
    "too_short": "expected at least one code list (list:NAME) or code (system|code)",
    "value_error": "{error}",
}
_SECRET = re.compile(r"passw|secret|token|credential|(api|private)_?key|^key$", re.IGNORECASE)
_SERVERS = ("source", "target")


def locate(fault: ErrorDetails) -> Location:
    """Return the key that an error belongs to."""
    inner: Location = fault.get("ctx", {}).get("inner", ())
    return tuple(part for part in (*fault["loc"], *inner) if part != "[key]")


def words(fault: ErrorDetails) -> str:
    """Describe the error, and the expected value."""
    if fault["type"] == "extra_forbidden":
        return _unknown(fault["loc"])
    return WORDS.get(fault["type"], "this value is not allowed here").format_map(
        fault.get("ctx", {})
    )


def _unknown(location: Location) -> str:
    name = str(location[-1])
    known = _known_keys(location[:-1])
    secret = _no_secret(location) if _SECRET.search(name) else ""
    close = "" if secret else nearest(name, known)
    return f"unknown key.{secret}{close} Known keys: {', '.join(known)}."


def _no_secret(location: Location) -> str:
    if location[0] not in _SERVERS:
        return " A study file must not contain secrets."
    name = f"ABATE_{str(location[0]).upper()}_..."
    return f" A study file must not contain secrets: they come from the environment ({name})."


def _known_keys(location: Location) -> list[str]:
    kind: Any = Settings
    for part in location:
        kind = _inside(kind, part)
    return sorted(_fields(kind))


def _inside(kind: type[BaseModel], part: str | int) -> Any:
    """Return the type of the value at `part` of a table; X for `X | None`."""
    if get_origin(kind) in (dict, list):
        return get_args(kind)[-1]
    fields = _fields(kind)
    inner = fields[str(part)] if part in fields else kind.__annotations__["__pydantic_extra__"]
    if get_origin(inner) in (UnionType, Union):
        return get_args(inner)[0]
    return get_args(inner)[-1] if part not in fields else inner


def _fields(model: type[BaseModel]) -> Mapping[str, Any]:
    fields = model.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}
