"""`abate sandbox`: the embedded FHIR server."""

import time
from pathlib import Path

import click

from abate.cli import options

EPILOG = """\b
Examples:
  abate sandbox --study          load the published study
  abate sandbox bundle.json patients.ndjson --port 0
  abate sandbox --study --json | head -1     print the URL, for programs
"""


@click.command("sandbox", epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--study", is_flag=True, help="Load the published study (cementoplasty).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port; 0 chooses a free one.",
)
@options.as_json
def command(files: tuple[Path, ...], study: bool, port: int, as_json: bool) -> None:
    """Serve FHIR R4 on this machine, for demos and tests, not for patients' data.

    Loads FILES (Bundles as JSON, or NDJSON), prints its URL and serves until Ctrl-C or SIGTERM.
    All data is in memory and is lost at the end. Anybody on this machine can read and write it.
    References are checked on each write, unless FILES are given, since these may be an excerpt.
    """
    from abate.sandbox import Sandbox, running

    sandbox = Sandbox(referential_integrity=not files)
    loaded = sum(sandbox.load(file) for file in files)
    if study:
        from abate.demo import load_study

        loaded += load_study(sandbox)
    with running(sandbox, port=port) as url:
        if as_json:
            options.print_json({"url": url, "loaded": loaded, "study": study}, indent=None)
        else:
            options.show(f"FHIR R4 at {url} ({loaded} resources). Press Ctrl-C to stop.")
        while True:
            time.sleep(3600)
