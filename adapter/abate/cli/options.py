"""What the commands share: their options, and how they speak."""

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
quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing on the way.")
full = click.option("--full", is_flag=True, help="Pull everything, not only what changed.")
adopt = click.option(
    "--adopt",
    is_flag=True,
    help="Take over a report of the same [study] id that carries another study key, or none.",
)
log = click.option(
    "--log",
    type=click.Choice(["auto", "text", "json"]),
    default="auto",
    envvar="ABATE_LOG",
    help="How to speak on stderr: sentences, or lines of JSON. auto: sentences on a terminal.",
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
    """The argument and the options of a command that works on a study file."""
    for option in (as_json, quiet, overrides, study_argument):
        command = option(command)
    return command


def read_study(path: Path, overrides: tuple[str, ...]) -> "StudyFile":
    """Read the study file of a command: before it imports what it works with, which takes time."""
    from abate.config.reader import read

    return read(path, overrides)


def say(text: str) -> None:
    """Say something to people, on stderr."""
    _echo(text, sys.stderr)


def show(text: str | bytes) -> None:
    """Print a result on stdout."""
    _echo(text, sys.stdout)


def print_json(content: Any, *, indent: int | None = 2) -> None:
    """Print a JSON document, in UTF-8 wherever it goes."""
    show(json.dumps(content, indent=indent, ensure_ascii=False).encode())


def deafen(stream: TextIO) -> None:
    """Send what is still to come on `stream` nowhere: its reader has gone, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def width() -> int:
    """How wide lines may be: as the terminal, 60 to 100 columns."""
    return max(60, min(100, get_terminal_size((100, 24)).columns))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text; cells of the widest columns are wrapped where it would be too wide."""
    widths = _widths([heads, *rows])
    lines = [*_wrap(heads, widths), "  ".join("-" * width for width in widths)]
    for row in rows:
        lines += _wrap(row, widths)
    return "\n".join(lines)


def _echo(text: str | bytes, stream: TextIO) -> None:
    """Write; a reader that has gone (`| head`) or a full disk stops no work."""
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
