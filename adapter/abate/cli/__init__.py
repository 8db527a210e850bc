"""The command line: one module a command. Heavy libraries load only when a command runs."""

import sys
import traceback
from importlib import import_module
from importlib.metadata import version

import click

from abate.errors import AbateError

COMMANDS = ("demo", "plugins", "publish", "run", "sandbox", "status", "sync")

EPILOG = """\b
Begin with:
  abate demo               the whole loop on the published study
  abate run study.toml     pull and compute; nothing leaves the machine
\b
Exit codes: 0 done, 1 failed, 2 used wrongly, 3 incomplete pull, 4 analysis
failed, 5 publish refused, 75 busy: try later.
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
        command: click.Command = import_module(f"abate.cli.{cmd_name}").command
        return command


@click.command(cls=Commands, epilog=EPILOG)
@click.version_option(version("abate"), message="abate %(version)s")
def abate() -> None:
    """Did the pain abate? Pain scores before and after a procedure, from a FHIR server and back."""


def main() -> None:
    """Run a command; the only place that ends the process."""
    try:
        abate(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("abate: stopped.", err=True)
        sys.exit(130)
    except AbateError as error:
        click.echo(f"abate: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        click.echo(f"abate: {_place(error)}", err=True)
        sys.exit(1)


def _place(error: BaseException) -> str:
    [*_, last] = traceback.extract_tb(error.__traceback__)
    file = last.filename.replace("\\", "/").rpartition("/")[2]
    return (
        f"a fault of abate's own: {type(error).__name__} in {file}, line {last.lineno}. Its text "
        "may hold patient data and is not shown. Please report it with the output of: abate plugins"
    )
