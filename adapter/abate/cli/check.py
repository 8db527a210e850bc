"""`abate check`: what a server can do for a study, and what is there."""

from typing import TYPE_CHECKING, Any

import click

from abate.cli import common, voice
from abate.cli.entering import Entry, entered

if TYPE_CHECKING:
    from abate.plugins import Host
    from abate.source import Say
    from abate.survey import Survey

EPILOG = """\b
Examples:
  abate check http://127.0.0.1:8080/fhir
  abate check https://fhir.example.com/r4 --json | jq .advice
  abate check https://fhir.example.com/r4 --auth smart --client-id abate
"""


@click.command("check", epilog=EPILOG)
@entered
@common.quiet
@common.log
@common.as_json
def command(entry: Entry, quiet: bool, log: voice.Chosen, as_json: bool) -> None:
    """Tell what a FHIR server can do for a study, and which procedures and scores are there.

    Reads its CapabilityStatement, counts by the codes that abate knows, and looks at a sample of
    procedures and observations for the server's own codes. Writes nothing, on neither side; shows
    no value, no name and no id. At most 200 requests.
    """
    from datetime import UTC, datetime

    from abate.progress import new_run_id
    from abate.pseudonyms import naming

    bound = {"run_id": new_run_id(datetime.now(UTC)), "command": "check"}
    with voice.voice(log, naming(None), is_quiet=quiet, **bound) as say:
        found, _ = surveyed(entry, say)
    _show(found, is_json=as_json)


def surveyed(entry: Entry, say: "Say") -> "tuple[Survey, Host]":
    """Look at a server with the code lists of all plugins."""
    from abate import codes, plugins
    from abate.survey import look

    host = plugins.load(tolerant=True)
    return look(entry.url, codes.load(host.mappings()), say, access=entry.access()), host


def _show(found: "Survey", *, is_json: bool) -> None:
    import msgspec

    from abate.survey import advise, words

    advice = advise(found)
    if is_json:
        content: dict[str, Any] = msgspec.to_builtins(found)
        common.print_json({**content, "advice": msgspec.to_builtins(advice)})
        return
    common.show(words.text(found, advice))
    common.show(f"Next, a study file with what was found: abate init {found.url}")
