"""`abate check`: what a server supports, and which data it has."""

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
    help="Also test what publishing needs: write two Lists in transactions, start an export, and "
    "remove both again. Does not ask for confirmation.",
)
@options.quiet
@options.log
@options.as_json
def command(
    entry: ServerArguments, write: bool, quiet: bool, log: stderr.Form, as_json: bool
) -> None:
    """Show what a FHIR server supports, which data it has, and how abate will use it.

    Tests what a pull and a report need, estimates how long a first pull takes, counts the resources
    that have codes known to abate, and samples resources to find the server's own codes. Shows no
    value, name or id of a patient. Sends at most 200 requests.

    Without --write, nothing is written: abate sends only GET, searches by POST, and $validate. With
    --write, it creates, changes and deletes two Lists that refer to no patient, and starts and
    cancels an export. If the server keeps a history of deleted resources, that history remains.
    """
    from datetime import UTC, datetime

    from abate.telemetry.log import logger
    from abate.telemetry.progress import new_run_id

    with stderr.handlers(log, is_quiet=quiet) as handlers:
        run_id = new_run_id(datetime.now(UTC))
        logged = logger(*handlers, run_id=run_id, command="check")
        survey, _ = survey_entry(entry, logged, write=write)
    _show(survey, is_json=as_json)
    refuse_bad_end(survey)


def survey_entry(
    entry: ServerArguments, log: "Log", *, write: bool = False
) -> "tuple[Survey, Host]":
    """Survey a server with the code lists of all plugins."""
    from abate.analysis import loader
    from abate.mapping import code_lists
    from abate.survey import survey_server

    host = loader.load(tolerant=True)
    lists, access = code_lists.load(host.mappings()), entry.access(write=write)
    return survey_server(entry.url, lists, log, access=access, write=write), host


def refuse_bad_end(survey: "Survey") -> None:
    """Fail if a pull may not read a type that it needs, or if a written resource is left.

    Raises:
        SourceError: names the types, or the resources.
    """
    from abate.errors import SourceError
    from abate.survey.probes.probe_list import left_words

    if survey.left:
        raise SourceError(left_words(survey.url, survey.left))
    if survey.shut:
        raise SourceError(survey.shut)


def _show(survey: "Survey", *, is_json: bool) -> None:
    import msgspec

    from abate.cli.survey_text import write_text
    from abate.survey import advise

    advice = advise(survey)
    if is_json:
        content: dict[str, Any] = msgspec.to_builtins(survey)
        options.print_json({**content, "advice": msgspec.to_builtins(advice)})
        return
    options.show(write_text(survey, advice))
    options.show(f"Next, write a study file: abate init {survey.url}")
