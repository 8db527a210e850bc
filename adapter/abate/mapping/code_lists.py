"""Code lists: the meaning of codes, as TOML files that a site can read, replace and extend.

A file holds one list or a part of it: lists of the same name from several packs are joined.
Codes are matched by `system|code`, never by display. Each code names its source.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources.abc import Traversable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from abate.config.reader import nearest
from abate.errors import StudyFileError

LIST = "list:"

Text = Annotated[str, Meta(min_length=1)]
Highest = Annotated[float, Meta(gt=0, le=1000)]
Number = Annotated[float, Meta(ge=0, le=1000)]


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code of a list.

    `group` is a site's group; `instrument`, `context` and `scale` (the highest score, 10 or 100)
        are the declarations of a pain-score code; `value` is the number that an answer code means.
    """

    system: Text
    code: Text
    name: Text
    source: Text
    group: str | None = None
    instrument: str | None = None
    context: str | None = None
    scale: Highest | None = None
    value: Number | None = None


class CodeList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code list as it is in its file."""

    list: Text
    title: str = ""
    code: tuple[Code, ...] = ()


CodeLists = Mapping[str, tuple[Code, ...]]


def load(packs: Iterable[Traversable]) -> CodeLists:
    """Load all code lists of `packs` (folders of TOML files), joined by name.

    Raises:
        StudyFileError: a file is not a code list, or a code has two different meanings.
    """
    lists: dict[str, dict[tuple[str, str], Code]] = {}
    for pack in packs:
        for file in _files(pack):
            read = _read(file)
            codes = lists.setdefault(read.list, {})
            for code in read.code:
                known = codes.setdefault((code.system, code.code), code)
                if _meaning(known) != _meaning(code):
                    raise StudyFileError(
                        f"{file}: {code.system}|{code.code} is in the list {read.list!r} twice, "
                        "with different meanings. Keep one of them."
                    )
    return {name: tuple(codes.values()) for name, codes in sorted(lists.items())}


def resolve(references: Iterable[str], lists: CodeLists) -> tuple[Code, ...]:
    """Return the codes of `list:NAME` and `system|code` references, each once.

    Raises:
        StudyFileError: there is no list of that name, or a reference has neither form.
    """
    codes: dict[tuple[str, str], Code] = {}
    for reference in references:
        for code in _one(reference, lists):
            codes.setdefault((code.system, code.code), code)
    return tuple(codes.values())


def _one(reference: str, lists: CodeLists) -> tuple[Code, ...]:
    if reference.startswith(LIST):
        name = reference.removeprefix(LIST)
        if name not in lists:
            raise StudyFileError(
                f"there is no code list {name!r}.{nearest(name, lists)} Lists: {', '.join(lists)}."
            )
        return lists[name]
    system, bar, code = reference.rpartition("|")
    if not (bar and system and code):
        raise StudyFileError(f"{reference!r} is neither 'list:NAME' nor 'system|code'.")
    known = (c for codes in lists.values() for c in codes if (c.system, c.code) == (system, code))
    return (next(known, Code(system=system, code=code, name=code, source="the study file")),)


def _meaning(code: Code) -> dict[str, Any]:
    return {key: value for key, value in msgspec.structs.asdict(code).items() if key != "source"}


def _files(pack: Traversable) -> list[Traversable]:
    if not pack.is_dir():
        raise StudyFileError(f"{pack}: there is no such folder of code lists.")
    files = (file for file in pack.iterdir() if file.name.endswith(".toml"))
    return sorted(files, key=lambda file: file.name)


def _read(file: Traversable) -> CodeList:
    try:
        return _code_list(file.read_text("utf-8"))
    except OSError as error:
        raise StudyFileError(f"{file}: this cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise StudyFileError(f"{file}: this is not a code list: {error}") from None


@cache
def _code_list(text: str) -> CodeList:
    """Parse the text of a code list; a process parses the same text once."""
    return msgspec.convert(tomllib.loads(text), CodeList)
