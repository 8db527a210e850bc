"""Make the parts of the reference that follow from the code: study file, types and code lists.

Each part is between two marks in its page; the text around the marks is written by hand. Run this
script after a change of `settings.py` or of a code list. A test compares the pages with the code.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from abate.auth.scopes import WRITE, to_read
from abate.config.server import Auth
from abate.config.settings import Baseline, Settings, Visit
from abate.config.source import SourceQuery, TypeQuery
from abate.fhir.types import ALWAYS, READ, WRITTEN, ReadType
from abate.mapping import code_lists

DOCS = Path(__file__).parent
MEANINGS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (DOCS / "meanings.toml").read_text("utf-8")
)
KINDS = {
    "_known_zone": "time zone",
    "_http_url": "URL",
    "_private_url": "URL with https",
    "_export": "`system`, `patient` or `Group/ID`",
    "_user_name": "text without `:`",
    "_minimum_cell": "whole number, at least 1, or a preset",
}


def pages() -> dict[Path, str]:
    """Return the text of each page that has generated parts."""
    parts = {
        "study-file.md": {"keys": keys(), "example": example(), "types": types()},
        "code-lists.md": {"lists": shipped_code_lists()},
    }
    found = {}
    for name, made in parts.items():
        path = DOCS / "reference" / name
        text = path.read_text("utf-8")
        for mark, content in made.items():
            text = _replace(text, mark, content)
        found[path] = text
    return found


def keys() -> str:
    """Return a section for each table of the study file, with its keys."""
    sections = []
    for name, field in Settings.model_fields.items():
        model = _model(field)
        title = _title(name, field)
        sections.append(_section(title, name, model) if model else _free(name))
        if name == "source":
            kinds = SourceQuery.model_fields
            titles = ", ".join(f"`[source.query.{kind}]`" for kind in kinds)
            sections.append(_section(titles, "source-query", TypeQuery))
        if name == "target":
            sections.append(_section("`[source.auth]`, `[target.auth]`", "auth", Auth))
        if name == "visits":
            sections.append(_section("`baseline` of `[visits]`", "visits-baseline", Baseline))
            sections.append(_section("a visit of `[visits]`", "visits-visit", Visit))
    return "\n\n".join(sections)


def example() -> str:
    """Return the whole study file of the demo."""
    text = (files("abate") / "demo" / "study.toml").read_text("utf-8")
    return f"```toml\n{text.strip()}\n```"


def types() -> str:
    """Return the types that are read and written, each with its scope."""
    read = [
        (f"`{one.name}`", _when(one), f"`{scope}`")
        for one in READ
        for scope in to_read(one.sections, ())
        if f"/{one.name}." in scope
    ]
    read.append(("`Group`", "with `patients` or `export` of `Group/ID`", f"`{_group()}`"))
    written = [
        (f"`{one.name}`", one.when, f"`{scope}`")
        for one in WRITTEN
        for scope in WRITE
        if f"/{one.name}." in scope
    ]
    heads = ("type", "when", "scope")
    return f"Read:\n\n{_table(heads, read)}\n\nWritten:\n\n{_table(heads, written)}"


def _when(one: ReadType) -> str:
    if one.is_needed(ALWAYS):
        return "always"
    return f"with {' or '.join(f'`[{section}.NAME]`' for section in one.sections)}"


def _group() -> str:
    [scope] = [one for one in to_read((), ["Group/ID"]) if "/Group." in one]
    return scope


def shipped_code_lists() -> str:
    """Return a section for each shipped code list, with its codes."""
    folder = files("abate_mappings") / "codes"
    titles = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            content = tomllib.loads(file.read_text("utf-8"))
            titles[content["list"]] = content.get("title", "")
    lists = code_lists.load([folder])
    return "\n\n".join(_code_list(name, titles[name], found) for name, found in lists.items())


def _code_list(name: str, title: str, found: Iterable[code_lists.Code]) -> str:
    rows = [(f"`{c.system}`", f"`{c.code}`", c.name, _declares(c), c.source) for c in found]
    if not rows:
        return f"### {name}\n\n{title}. This list is empty; a study or a site adds its own codes."
    heads = ("system", "code", "name", "declares", "source")
    return f"### {name}\n\n{title}.\n\n{_table(heads, rows)}"


def _declares(code: code_lists.Code) -> str:
    said = {
        "group": code.group,
        "instrument": code.instrument,
        "context": code.context,
        "scale": code.scale,
        "value": code.value,
    }
    words = {key: f"{one:g}" if isinstance(one, float) else one for key, one in said.items()}
    return ", ".join(f"{key} {one}" for key, one in words.items() if one is not None)


def _section(title: str, name: str, model: type[BaseModel]) -> str:
    meanings = MEANINGS[name]
    schema = model.model_json_schema(by_alias=True)
    rows = []
    for attribute, field in model.model_fields.items():
        key = field.alias or attribute
        kind = _kind(field, schema["properties"][key], schema)
        rows.append((f"`{key}`", kind, _default(field, name, key), meanings[key]))
    unknown = set(meanings) - {"about"} - {row[0].strip("`") for row in rows}
    if unknown:
        raise KeyError(f"meanings.toml: [{name}] has no key {', '.join(sorted(unknown))}")
    table = _table(("key", "type", "default", "meaning"), rows)
    return f"### {title}\n\n{meanings['about']}\n\n{table}"


def _title(name: str, field: FieldInfo) -> str:
    origin = get_origin(field.annotation)
    if origin is dict:
        return f"`[{name}.NAME]`"
    return f"`[[{name}]]`" if origin is list else f"`[{name}]`"


def _free(name: str) -> str:
    """Return the section of a table whose keys the user chooses."""
    return f"### `[{name}]`\n\n{MEANINGS[name]['about']}"


def _model(field: FieldInfo) -> type[BaseModel] | None:
    candidates = [field.annotation, *get_args(field.annotation)]
    models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    return models[0] if models else None


def _default(field: FieldInfo, name: str, key: str) -> str:
    if (name, key) == ("analysis", "name"):
        return "`use`"
    if field.is_required():
        return "required"
    if field.default is None or isinstance(field.default, BaseModel):
        return ""
    return f"`{json.dumps(field.default)}`"


def _kind(field: FieldInfo, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    for check in _checks(field):
        if check in KINDS:
            return KINDS[check]
    return _words(schema, whole)


def _checks(field: FieldInfo) -> list[str]:
    """Return the names of the functions that check a value, also those within `X | None`."""
    parts = (getattr(part, "__metadata__", ()) for part in get_args(field.annotation))
    checks = [*field.metadata, *(one for inner in parts for one in inner)]
    return [getattr(getattr(one, "func", None), "__name__", "") for one in checks]


def _words(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return "table"
    if "anyOf" in schema:
        kinds = [_words(one, whole) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(kinds)
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"`{json.dumps(one)}`" for one in values)
    if schema["type"] == "array":
        return "list of text"
    return _simple(schema)


def _simple(schema: Mapping[str, Any]) -> str:
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "`true` or `false`",
    }
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "over",
        "maximum": "at most",
        "exclusiveMaximum": "under",
    }
    said = [f"{words} {schema[bound]:g}" for bound, words in bounds.items() if bound in schema]
    if schema.get("format") == "date":
        return "date"
    if "pattern" in schema:
        said.append("lower-case letters, digits, hyphens; at most 63")
    return ", ".join([names[schema["type"]], *said])


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), ["---"] * len(list(heads)), *([*map(_cell, row)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _replace(text: str, mark: str, content: str) -> str:
    begin, end = f"<!-- made from the code: {mark} -->", f"<!-- end: {mark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    made, count = pattern.subn(lambda _: f"{begin}\n\n{content}\n\n{end}", text)
    if count != 1:
        raise ValueError(f"the mark {begin!r} occurs {count} times")
    return made


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, "utf-8")
