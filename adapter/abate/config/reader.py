"""Read the study file into settings; errors name the key, its line and the remedy."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abate.config.positions import Location, StudyText
from abate.errors import StudyFileError, nearest

if TYPE_CHECKING:
    from abate.config.settings import Settings, StudyFile

__all__ = ["Location", "WrongSetting", "naming_lines", "nearest", "read"]

_WAY_IN = {"auth", "ca", "certificate", "certificate_key", "insecure_http"}
_NO_MATTER: Mapping[str, Any] = {
    "output": True,
    "plugins": True,
    "codes": {"directory"},
    "source": {
        "timeout_seconds",
        "page_size",
        "patients_a_query",
        "parallel",
        "passes",
        "overlap_minutes",
        "requests_per_second",
        "max_minutes",
        "max_requests",
        *_WAY_IN,
    },
    "target": {*_WAY_IN, "audience"},
}
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_KEYS = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def read(path: Path, overrides: Iterable[str] = ()) -> "StudyFile":
    """Read the study file at `path`, with `--set` overrides like `scores.per_visit=worst`.

    Raises:
        StudyFileError: the file cannot be read, is not TOML, or has an invalid setting.
    """
    overrides = tuple(overrides)
    text = _text(path)
    content = _content(path, text)
    written = StudyText(
        path, text, {_set(content, override): _name(override) for override in overrides}
    )
    # The models of the settings take longer to build than a file that is no TOML takes to refuse.
    from pydantic import ValidationError

    from abate.config.messages import locate, words
    from abate.config.settings import Settings, StudyFile

    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = (written.message(locate(fault), words(fault)) for fault in faults)
        raise StudyFileError("\n".join(lines)) from None
    return StudyFile(
        settings=settings,
        path=path,
        digest=_digest(settings, path.parent),
        text=text,
        overrides=overrides,
    )


class WrongSetting(StudyFileError):
    """An invalid key that a later step found (a code list, a plugin); see `naming_lines`."""

    def __init__(self, location: Location, message: str) -> None:
        """Set the location of the key and the message."""
        super().__init__(message)
        self.location = location


@contextmanager
def naming_lines(study_file: "StudyFile") -> Iterator[None]:
    """Add the line of the study file to a `WrongSetting`.

    Raises:
        StudyFileError: instead of the `WrongSetting`.
    """
    try:
        yield
    except WrongSetting as error:
        raise _complain(study_file, error.location, str(error)) from None


def _complain(study_file: "StudyFile", location: Location, message: str) -> StudyFileError:
    content = tomllib.loads(study_file.text)
    chosen = {_set(content, override): _name(override) for override in study_file.overrides}
    return StudyFileError(
        StudyText(study_file.path, study_file.text, chosen).message(location, message)
    )


def _digest(settings: "Settings", folder: Path) -> str:
    """Compute a digest of what the results depend on: the settings and the study's code lists.

    The layout of the file, the output directory, the pull settings and the logins are excluded.
    """
    content = settings.model_dump(mode="json", exclude=_NO_MATTER)
    if directory := settings.codes.directory:
        content["codes"]["lists"] = _code_lists(folder / directory)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _code_lists(folder: Path) -> list[str]:
    """Return a digest of each code list; an unreadable list raises its error when it is used."""
    digests = []
    for path in sorted(folder.glob("*.toml")):
        with suppress(OSError):
            digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return digests


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise StudyFileError(
            f"{path}: study file not found. Pass its path, or write one: abate init URL. Without "
            "a study file: abate try URL"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise StudyFileError(
            f"{path}, line {line}: not UTF-8 text. Save the file as UTF-8"
        ) from None
    except OSError as error:
        raise StudyFileError(f"{path}: the study file cannot be read: {error.strerror}") from None


def _content(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = at[1] if at and at[1] else len(text.splitlines())
        raise StudyFileError(
            f"{path}, line {line}: not valid TOML: {_AT.sub('', str(error))}"
        ) from None


def _name(override: str) -> str:
    return override.partition("=")[0].strip()


def _set(content: dict[str, Any], override: str) -> Location:
    """Set one key of `content`; errors never show the value, which may be a secret."""
    name, (_, equals, value) = _name(override), override.partition("=")
    if not equals or not _KEYS.fullmatch(name):
        raise StudyFileError("--set: expected KEY=VALUE, as in --set scores.per_visit=worst")
    *path, last = name.split(".")
    table: Any = content
    location: Location = ()
    for key in path:
        table, location = _inside(table, key, name, location)
    if not isinstance(table, dict):
        raise _no_table(name, location)
    table[last] = _value(value.strip())
    return (*location, last)


def _inside(table: Any, key: str, name: str, location: Location) -> tuple[Any, Location]:
    """Return the table at `key`; tables of an array are numbered from 1."""
    if isinstance(table, dict):
        return table.setdefault(key, {}), (*location, key)
    if not isinstance(table, list):
        raise _no_table(name, location)
    if not (key.isdecimal() and 1 <= int(key) <= len(table)):
        raise StudyFileError(
            f"--set {name}: {location[-1]} has {len(table)} entries, numbered from 1, as in "
            f"--set {location[-1]}.1.name=first"
        )
    return table[int(key) - 1], (*location, int(key) - 1)


def _no_table(name: str, location: Location) -> StudyFileError:
    table = ".".join(name.split(".")[: len(location)])
    return StudyFileError(f"--set {name}: {table} is not a table of the study file")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
