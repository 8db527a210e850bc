"""`abate sandbox`: the embedded FHIR server."""

import time
from pathlib import Path

import click

from abate.cli import common

EPILOG = """\b
Examples:
  abate sandbox --study          with the published study in it
  abate sandbox bundle.json patients.ndjson --port 8080
"""


@click.command("sandbox", epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--study", is_flag=True, help="Load the published study (cementoplasty).")
@click.option("--port", default=8080, show_default=True, help="0 takes any free one.")
@common.as_json
def command(files: tuple[Path, ...], study: bool, port: int, as_json: bool) -> None:
    """Serve FHIR R4 on this machine: for demos and tests, not for patients' data.

    Loads FILES (Bundles as JSON, or NDJSON) and serves until Ctrl-C. Everything is in memory and
    gone at the end; anybody on this machine can read and write it.
    """
    from abate.sandbox import Sandbox, running

    sandbox = Sandbox(referential_integrity=not files)
    if study:
        from abate.demo import load_study

        load_study(sandbox)
    loaded = sum(sandbox.load(file) for file in files)
    with running(sandbox, port=port) as url:
        if as_json:
            common.print_json({"url": url, "loaded": loaded})
        else:
            click.echo(f"FHIR R4 at {url} ({loaded} resources from files). Ctrl-C ends it.")
        while True:
            time.sleep(3600)
