"""`abate check`: what a server can do for a study, and what is there."""

from typing import TYPE_CHECKING, Any

import click

from abate.cli import options, stderr
from abate.cli.server_options import ServerArguments, with_server

if TYPE_CHECKING:
    from abate.analysis.loader import Host
    from abate.survey import Survey
    from abate.telemetry.log import Log

EPILOG = """\b
Examples:
  abate check http://127.0.0.1:8080/fhir
  abate check https://fhir.example.com/r4 --json | jq .advice
  abate check https://fhir.example.com/r4 --auth smart --client-id abate
  abate check http://127.0.0.1:8080/fhir --write
"""


@click.command("check", epilog=EPILOG)
@with_server
@click.option(
    "--write",
    is_flag=True,
    help="Try what a report needs too: writes two Lists in transactions, begins an export, and "
    "takes all of it away again. Asks nothing before.",
)
@options.quiet
@options.log
@options.as_json
def command(
    entry: ServerArguments, write: bool, quiet: bool, log: stderr.Form, as_json: bool
) -> None:
    """Tell what a FHIR server can do for a study, and what abate will do about it.

    Tries what a pull and a report rely on, estimates how long a first pull takes, counts by the
    codes that abate knows, and looks at a sample for the server's own. Shows no value, no name and
    no id of a patient. At most 200 requests.

    Without --write nothing is written: only GET, searches by POST, and $validate are sent. With
    it, two Lists without any patient are created, changed and deleted, and an export is begun and
    cancelled; a history that the server keeps of deleted resources stays.
    """
    from datetime import UTC, datetime

    from abate.telemetry.log import logger
    from abate.telemetry.progress import new_run_id

    with stderr.handlers(log, is_quiet=quiet) as handlers:
        run_id = new_run_id(datetime.now(UTC))
        logged = logger(*handlers, run_id=run_id, command="check")
        found, _ = survey_entry(entry, logged, write=write)
    _show(found, is_json=as_json)
    refuse_bad_end(found)


def survey_entry(
    entry: ServerArguments, log: "Log", *, write: bool = False
) -> "tuple[Survey, Host]":
    """Look at a server with the code lists of all plugins."""
    from abate.analysis import loader
    from abate.mapping import code_lists
    from abate.survey import survey_server

    host = loader.load(tolerant=True)
    lists, access = code_lists.load(host.mappings()), entry.access(write=write)
    return survey_server(entry.url, lists, log, access=access, write=write), host


def refuse_bad_end(found: "Survey") -> None:
    """Fail where a pull may not read what it needs, or something that we wrote is left.

    Raises:
        SourceError: says which.
    """
    from abate.errors import SourceError
    from abate.survey.probes.probe_list import left_words

    if found.left:
        raise SourceError(left_words(found.url, found.left))
    if found.shut:
        raise SourceError(found.shut)


def _show(found: "Survey", *, is_json: bool) -> None:
    import msgspec

    from abate.cli.survey_text import write_text
    from abate.survey import advise

    advice = advise(found)
    if is_json:
        content: dict[str, Any] = msgspec.to_builtins(found)
        options.print_json({**content, "advice": msgspec.to_builtins(advice)})
        return
    options.show(write_text(found, advice))
    options.show(f"Next, a study file with what was found: abate init {found.url}")
