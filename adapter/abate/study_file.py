"""Read the study file: TOML, then the settings, then errors that name key, line and cure."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from abate.errors import StudyFileError
from abate.settings import Settings, StudyFile

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")

Location = tuple[str | int, ...]


def read(path: Path, overrides: Iterable[str] = ()) -> StudyFile:
    """Read the study file at `path`, with `--set` overrides like `scores.per_visit=worst`.

    Raises:
        StudyFileError: the file cannot be read, is no TOML, or says something it may not.
    """
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(f"{path}: this is no TOML: {error}") from None
    chosen = {}
    for override in overrides:
        chosen[_set(content, override)] = override
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        raise StudyFileError(
            "\n".join(_message(path, text, chosen, one) for one in details)
        ) from None
    return StudyFile(settings=settings, path=path, digest=_digest(text, overrides))


def complain(study_file: StudyFile, location: Location, message: str) -> StudyFileError:
    """The error for a key that only a later step could check (a code list, a plugin)."""
    line = line_of(_text(study_file.path), location)
    return StudyFileError(f"{_place(study_file.path, line)}: {_dotted(location)}: {message}")


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the known name nearest to `name`, or nothing."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def line_of(text: str, location: Location) -> int | None:
    """The line, counted from 1, that holds the key at `location` or the nearest table above it."""
    lines = dict(_keys(text))
    for length in range(len(location), 0, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise StudyFileError(
            f"{path}: there is no such study file. Name one: abate run PATH; "
            "docs/reference/study-file.md shows a whole one."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StudyFileError(f"{path}: the study file cannot be read: {reason}") from None


def _digest(text: str, overrides: Iterable[str]) -> str:
    return hashlib.sha256("\n".join([text, *overrides]).encode()).hexdigest()


def _set(content: dict[str, Any], override: str) -> Location:
    name, equals, value = override.partition("=")
    keys = tuple(key.strip() for key in name.split("."))
    if not equals or not all(keys):
        raise StudyFileError(
            f"--set {override}: write it as KEY=VALUE, as in scores.per_visit=worst"
        )
    table = content
    for key in keys[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            raise StudyFileError(f"--set {override}: {key!r} is not a table of the study file")
    table[keys[-1]] = _value(value.strip())
    return keys


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _message(path: Path, text: str, chosen: Mapping[Location, str], error: ErrorDetails) -> str:
    location = error["loc"]
    place = f"--set {chosen[location]}" if location in chosen else ""
    place = place or _place(path, line_of(text, location))
    if error["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        words = f"there is no such key.{nearest(str(location[-1]), known)}"
        words += f" Known here: {', '.join(known)}."
    elif error["type"] == "missing":
        words = "this key is missing."
    else:
        words = error["msg"].removeprefix("Value error, ")
    return f"{place}: {_dotted(location)}: {words}" if location else f"{place}: {words}"


def _place(path: Path, line: int | None) -> str:
    return f"{path}, line {line}" if line else str(path)


def _dotted(location: Location) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")


def _known_keys(location: Location) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int) or not _is_model(model):
            continue
        field = _by_alias(model).get(str(part))
        model = _inner(field.annotation) if field else _extra(model)
    return sorted(_by_alias(model)) if _is_model(model) else []


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _by_alias(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _extra(model: type[BaseModel]) -> Any:
    return _inner(model.__annotations__.get("__pydantic_extra__"))


def _inner(annotation: Any) -> Any:
    """The model inside `X | None`, `list[X]` or `dict[str, X]`."""
    arguments = getattr(annotation, "__args__", ())
    models = [inner for inner in arguments if _is_model(inner)]
    return models[0] if models else annotation


def _keys(text: str) -> Iterable[tuple[Location, int]]:
    """Each key and table of the TOML text with its line; array tables are counted from 0."""
    table: Location = ()
    counts: dict[Location, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1])), number


def _parts(dotted: str) -> Location:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
