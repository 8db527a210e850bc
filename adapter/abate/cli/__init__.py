"""The command line: one module per command. Heavy libraries load only when a command runs."""

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

# In the order of use.
COMMANDS = (
    "demo",
    "try",
    "check",
    "init",
    "run",
    "results",
    "publish",
    "sync",
    "status",
    "export",
    "reconcile",
    "retract",
    "plugins",
    "keygen",
    "sandbox",
)
# Where a command is that does not have a module of its name.
_ELSEWHERE = {"try": ("try_server", "command"), "results": ("run", "command_results")}

_CODES = "\n".join(
    wrap(
        f"Exit codes: {', '.join(f'{code} {words}' for code, words in EXIT_CODES.items())}.",
        width=78,
        break_on_hyphens=False,
    )
)
EPILOG = f"""\b
Start with:
  abate demo                   run a published study from server to server
  abate try URL                a small sample of a server, and a page; nothing to edit
  abate check URL              show what a server supports and which data it has
  abate init URL               write a first study file with the server's codes
  abate run study.toml         pull and compute; nothing leaves the machine
  abate publish --dry-run      show what would be written to the server
  abate COMMAND --help         show what a command does, with examples
\b
{_CODES}
"""


class Commands(click.Group):
    """The commands, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = _ELSEWHERE.get(cmd_name, (cmd_name, "command"))
        command: click.Command = getattr(import_module(f"abate.cli.commands.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; for an unknown name, fail and suggest the nearest one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first sentence of its help."""
        rows = []
        for name in COMMANDS:
            command = self.get_command(ctx, name)
            if command is not None:
                rows.append((name, command.get_short_help_str(limit=200)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="abate", message="abate %(version)s")
def abate() -> None:
    """Compare pain scores before and after a procedure: from a FHIR server and back to it."""


def main() -> None:
    """Run a command. Only this function ends the process."""
    os.umask(0o077)  # Files of a command may hold patient data, including DuckDB's log file.
    if isinstance(sys.stdout, TextIOWrapper):
        # A study's title may have characters that the console's code page lacks.
        sys.stdout.reconfigure(errors="replace")
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
    """Return the message and the exit code for the exception that ended a command."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "stopped.", 130
    if isinstance(error, AbateError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory. Give this machine or this process more memory.", 1
    return _place(error), 1


def _end(message: str, exit_code: int) -> None:
    """Print the message and exit. It should hold no patient data; redaction is a second check."""
    options.print_error(f"abate: {redact.sentence(message, naming(None))}")
    sys.exit(exit_code)


def _place(error: BaseException) -> str:
    [*_, last] = traceback.extract_tb(error.__traceback__)
    file = last.filename.replace("\\", "/").rpartition("/")[2]
    return (
        f"a bug in abate: {type(error).__name__} in {file}, line {last.lineno}. The error text "
        "may hold patient data and is not shown. Please report it with the output of: abate plugins"
    )
