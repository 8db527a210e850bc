"""`abate init`: write a first study file with the codes that a server has."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import options, stderr
from abate.cli.commands.check import refuse_bad_end, survey_entry
from abate.cli.server_options import ServerArguments, with_server

if TYPE_CHECKING:
    from abate.analysis.loader import Host
    from abate.survey import StudyTemplate

EPILOG = """\b
Examples:
  abate init http://127.0.0.1:8080/fhir
  abate init http://127.0.0.1:8080/fhir --to knee.toml
  abate init https://fhir.example.com/r4 --timezone Europe/Vienna
"""


def _zone(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    from abate.config.types import time_zones
    from abate.errors import nearest

    if given is not None and given not in time_zones():
        raise click.BadParameter(
            f"{given!r} is not a time zone of the IANA database; an example is 'Europe/Vienna'."
            f"{nearest(given, time_zones())}"
        )
    return given


@click.command("init", epilog=EPILOG)
@with_server
@click.option(
    "--to",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=options.STUDY,
    show_default=True,
    help="Where to write the study file.",
)
@click.option(
    "--timezone", callback=_zone, help="The time zone of the study's calendar days; default: UTC."
)
@click.option("--all-codes", is_flag=True, help="List all codes found, not only the first ones.")
@options.quiet
@options.as_json
def command(
    entry: ServerArguments, path: Path, timezone: str | None, all_codes: bool, **shown: bool
) -> None:
    """Write a first study file, with comments, from the codes found on a FHIR server.

    Surveys the server as `abate check` does. The file uses the shipped lists whose codes are there;
    else the procedure with pain scores around most patients, and visits that fit their days. Other
    codes are commented out. Proposals end with `check`: read the file before you run it.
    """
    import secrets
    from datetime import UTC, datetime

    from abate.survey import Basis, advise, fill_template
    from abate.telemetry.log import logger

    _refuse_place(path)
    with stderr.handlers("text", is_quiet=shown["quiet"]) as handlers:
        log = logger(*handlers)
        survey, host = survey_entry(entry, log)
        refuse_bad_end(survey)
        for line in advise(survey).missing:
            log.warning(line)
    basis = Basis(
        suffix=secrets.token_hex(3),
        timezone=timezone or "",
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        entry=entry.toml(),
        has_all_codes=all_codes,
    )
    made = fill_template(survey, basis, parameters(host))
    _refuse_place(path)
    _write(path, made.text)
    _show(made, path, is_json=shown["as_json"])


def parameters(host: "Host") -> dict[str, set[str]]:
    """Return the names of the parameters of each analysis."""
    from dataclasses import fields

    kinds = {name: offered.kind for name, offered in host.analyses().items()}
    return {
        name: {field.name for field in fields(kind)}  # type: ignore[arg-type]  # the host checked that it is a dataclass; a Protocol cannot say so
        for name, kind in kinds.items()
    }


def _refuse_place(path: Path) -> None:
    from abate.errors import StudyFileError

    if path.exists():
        raise StudyFileError(
            f"{path} already exists and is not overwritten: choose another file, as --to other.toml"
        )
    if not path.parent.is_dir():
        raise StudyFileError(f"cannot write {path.name}: create the folder {path.parent} first")


def _write(path: Path, text: str) -> None:
    from abate.telemetry.private_file import write_private

    write_private(path, text.encode())


def _show(made: "StudyTemplate", path: Path, *, is_json: bool) -> None:
    if is_json:
        content = {"path": str(path), "index": made.index, "scores": made.scores}
        options.print_json({**content, "to_fill": made.to_fill})
        return
    options.show(f"Wrote {path}")
    options.show(f"[index]   {', '.join(made.index) or 'no code found'}")
    options.show(f"[scores]  {', '.join(made.scores) or 'no code found'}")
    if made.to_fill:
        keys = " and ".join(made.to_fill)
        options.show(f"Fill in {keys} before a run. The file has suggestions beside them.")
    argument = "" if path == options.STUDY else f" {path}"
    options.show(f"Next, read the file, then run: abate run{argument}")
