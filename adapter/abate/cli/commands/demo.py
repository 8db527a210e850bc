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
  abate demo --directory demo    keep study file, store and results, too
"""
FOLDER = Path("abate-demo")


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
    it; the exit code is 0 all the same. The report stays as a page: abate-demo/report.html.
    """
    from abate.cli import demo_text
    from abate.demo import page_in, run

    folder = nullcontext(str(directory)) if directory else TemporaryDirectory(prefix="abate-demo-")
    with folder as name, stderr.handlers("text", is_quiet=quiet) as handlers:
        shown = run(Path(name), *handlers)
        page = page_in(Path(name)) if directory else _keep_page(page_in(Path(name)))
    if as_json:
        options.print_json({**shown.as_json(), "page": str(page)})
    else:
        options.show(demo_text.text(shown, page))


def _keep_page(page: Path) -> Path:
    """Copy the page to the demo's folder, where it replaces that of an earlier demo."""
    from abate.errors import disk_errors

    kept = FOLDER / page.name
    with disk_errors(f"{kept} cannot be written"):
        FOLDER.mkdir(exist_ok=True)
        kept.write_bytes(page.read_bytes())
    return kept
