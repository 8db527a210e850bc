"""What the commands share: their options, and how they speak."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from abate.publish import Change
    from abate.settings import StudyFile

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing on the way.")
study_argument = click.argument(
    "study", type=click.Path(path_type=Path, dir_okay=False), default=Path("study.toml")
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
    """Read the study file of a command."""
    from abate.study_file import read

    return read(path, overrides)


def speaker(*, is_quiet: bool) -> Callable[[str], None]:
    """Where progress goes: to stderr, or nowhere."""

    def say(text: str) -> None:
        if not is_quiet:
            click.echo(text, err=True)

    return say


def print_json(content: Any) -> None:
    """Print a JSON document."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table of text, columns as wide as their widest cell."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def print_changes(changes: "list[Change]", *, is_json: bool, dry_run: bool) -> None:
    """Print what was, or would be, created, updated and left unchanged."""
    from abate.status import count

    counts = count(changes)
    if is_json:
        rows = [
            {"reference": one.reference, "action": one.action, "differs": list(one.differs)}
            for one in changes
        ]
        print_json({"dry_run": dry_run, **counts, "changes": rows})
        return
    for one in changes:
        if one.action != "unchanged":
            why = f" ({', '.join(one.differs)})" if one.differs else ""
            click.echo(f"{one.action}  {one.reference}{why}")
    words = ", ".join(f"{action} {n}" for action, n in counts.items())
    end = "; dry run, nothing written" if dry_run else ""
    nothing = "; nothing written" if not counts["create"] + counts["update"] and not dry_run else ""
    click.echo(f"{words}{end}{nothing}")
