"""The command line: one module a command. Heavy libraries load only when a command runs."""

import atexit
import os
import sys
import traceback
from importlib import import_module
from io import TextIOWrapper
from textwrap import wrap

import click

from abate.cli import options
from abate.errors import EXIT_CODES, AbateError, nearest
from abate.telemetry import redact, signals
from abate.telemetry.pseudonyms import naming

COMMANDS = (
    "check",
    "demo",
    "export",
    "init",
    "keygen",
    "plugins",
    "publish",
    "reconcile",
    "retract",
    "run",
    "sandbox",
    "status",
    "sync",
)

_CODES = "\n".join(
    wrap(
        f"Exit codes: {', '.join(f'{code} {words}' for code, words in EXIT_CODES.items())}.",
        width=78,
        break_on_hyphens=False,
    )
)
EPILOG = f"""\b
Begin with:
  abate demo                   the whole loop on a published study
  abate check URL              what a server can do, and what is there
  abate init URL               a first study file, with the codes found there
  abate run study.toml         pull and compute; nothing leaves the machine
  abate publish --dry-run      what would be written to the server
  abate COMMAND --help         what a command does, with examples
\b
{_CODES}
"""


class Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"abate.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; of a mistyped one, the nearest is told."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with the whole first sentence of its help."""
        rows = []
        for name in COMMANDS:
            command = self.get_command(ctx, name)
            if command is not None:
                rows.append((name, command.get_short_help_str(limit=200)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(cls=Commands, epilog=EPILOG)
@click.version_option(package_name="abate", message="abate %(version)s")
def abate() -> None:
    """Did the pain abate? Pain scores before and after a procedure, from a FHIR server and back."""


def main() -> None:
    """Run a command; the only place that ends the process."""
    os.umask(0o077)  # What a command writes may hold patient data, DuckDB's log file too.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # A title may hold what a code page does not.
    atexit.register(signals.ignore)
    try:
        with signals.end_by_signals():
            abate(standalone_mode=False)
    except SystemExit:
        raise
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BaseException as error:
        _end(*_ending(error))


def _ending(error: BaseException) -> tuple[str, int]:
    """The sentence and the exit code of what ended a command."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "stopped.", 130
    if isinstance(error, AbateError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "there is not enough memory. Give this machine or this process more.", 1
    return _place(error), 1


def _end(message: str, exit_code: int) -> None:
    """Say how it ended. Messages name no patient; this is for the day on which one does."""
    options.say(f"abate: {redact.sentence(message, naming(None))}")
    sys.exit(exit_code)


def _place(error: BaseException) -> str:
    [*_, last] = traceback.extract_tb(error.__traceback__)
    file = last.filename.replace("\\", "/").rpartition("/")[2]
    return (
        f"a fault of abate's own: {type(error).__name__} in {file}, line {last.lineno}. Its text "
        "may hold patient data and is not shown. Please report it with the output of: abate plugins"
    )
