"""Options that several commands share, and their output on stdout and stderr."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from abate.config.settings import StudyFile

Command = TypeVar("Command", bound=Callable[..., Any])

STUDY = Path("study.toml")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
quiet = click.option("--quiet", "-q", is_flag=True, help="Show no progress on stderr.")
verbose = click.option("--verbose", is_flag=True, help="Print everything, not a summary.")
full = click.option("--full", is_flag=True, help="Pull everything, not only changes.")
adopt = click.option(
    "--adopt",
    is_flag=True,
    help="Take over a report of the same [study] id that has another study key, or none.",
)
log = click.option(
    "--log",
    type=click.Choice(["auto", "text", "json"]),
    default="auto",
    envvar="ABATE_LOG",
    help="The log on stderr: text, or lines of JSON. auto: text on a terminal, else JSON.",
)
study_argument = click.argument(
    "study", type=click.Path(path_type=Path, dir_okay=False), default=STUDY
)
overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a key of the study file, as in scores.per_visit=worst. May be repeated.",
)


def of_study(command: Command) -> Command:
    """Add the argument and the options of a command that uses a study file."""
    for option in (as_json, quiet, overrides, study_argument):
        command = option(command)
    return command


def read_study(path: Path, overrides: tuple[str, ...]) -> "StudyFile":
    """Read the study file before the command's slow imports, so that errors in it show at once."""
    from abate.config.reader import read

    return read(path, overrides)


def print_error(text: str) -> None:
    """Print a message on stderr, on a terminal with the kind of message in a colour."""
    for kind, colour in (("abate: ", "red"), ("warning: ", "yellow")):
        if text.startswith(kind):
            text = tint(kind, fg=colour) + text.removeprefix(kind)
    _echo(text, sys.stderr)


def tint(text: str, fg: str | None = None) -> str:
    """Return a text in bold, and in a colour; click removes both where there is no terminal.

    Nothing is added if NO_COLOR is set (https://no-color.org).
    """
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=fg, bold=True)


def show(text: str | bytes) -> None:
    """Print a result on stdout."""
    _echo(text, sys.stdout)


def print_json(content: Any, *, indent: int | None = 2) -> None:
    """Print a JSON document, in UTF-8 whatever the encoding of stdout."""
    show(json.dumps(content, indent=indent, ensure_ascii=False).encode())


def deafen(stream: TextIO) -> None:
    """Discard further output on `stream`: its reader has closed it, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def width() -> int:
    """Return the width of a line: that of the terminal, within 60 to 100 columns."""
    return max(60, min(100, get_terminal_size((100, 24)).columns))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text; if it is too wide, the cells of the widest columns are wrapped."""
    widths = _widths([heads, *rows])
    lines = [*_wrap(heads, widths), "  ".join("-" * width for width in widths)]
    for row in rows:
        lines += _wrap(row, widths)
    return "\n".join(lines)


def _echo(text: str | bytes, stream: TextIO) -> None:
    """Write the text; a closed pipe (`| head`) or a full disk does not stop the command."""
    try:
        click.echo(text, file=stream)
    except OSError:
        deafen(stream)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width() and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrap(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [_fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()
        for parts in zip_longest(*columns, fillvalue="")
    ]


def _fold(cell: str, width: int) -> list[str]:
    indent = " " * (len(cell) - len(cell.lstrip()))
    return wrap(cell, width, subsequent_indent=indent) or [""]
