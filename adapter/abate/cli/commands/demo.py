"""`abate demo`: the published study, from server to server."""

from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from abate.cli import options, stderr

EPILOG = """\b
Examples:
  abate demo
  abate demo --json | jq '.figures[] | select(.agrees == false)'
  abate demo --directory demo    keep study file, store and results there
"""


@click.command("demo", epilog=EPILOG)
@click.option(
    "--directory", type=click.Path(path_type=Path, file_okay=False), help="Keep the files there."
)
@options.quiet
@options.as_json
def command(directory: Path | None, quiet: bool, as_json: bool) -> None:
    """Run a published study from server to server, and compare its figures with the paper.

    Starts the embedded FHIR server, loads the study (cementoplasty for painful bone metastases),
    pulls it by HTTP, computes, publishes the report as FHIR, reads the figures back from the
    server and prints them beside the paper's. If a figure differs from the paper, the table shows
    it; the exit code is 0 all the same.
    """
    from abate.cli import demo_text
    from abate.demo import run

    folder = nullcontext(str(directory)) if directory else TemporaryDirectory(prefix="abate-demo-")
    with folder as name, stderr.handlers("text", is_quiet=quiet) as handlers:
        shown = run(Path(name), *handlers)
    if as_json:
        options.print_json(shown.as_json())
    else:
        options.show(demo_text.text(shown))
        options.show(_where(directory))


def _where(directory: Path | None) -> str:
    """Return where the page is, or how to get it."""
    if directory is None:
        return "To keep the files and read the report as a page, run: abate demo --directory demo"
    from abate.demo import page_in

    return f"Report: {page_in(directory)}"
