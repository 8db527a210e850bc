"""`abate retract`: retract the study's report."""

from pathlib import Path
from typing import Unpack

import click

from abate.cli import options
from abate.cli.commands.publish import show
from abate.cli.session import Spoken, working

EPILOG = """\b
Examples:
  abate retract --dry-run      show what would be retracted
  abate retract                a second time: unchanged, nothing written
  abate publish                publish the report again
"""


@click.command("retract", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show what would be retracted, but write nothing.")
@options.adopt
@options.log
@options.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
    adopt: bool,
    **spoken: Unpack[Spoken],
) -> None:
    """Retract the study's whole report on the target server.

    Deletes nothing: one transaction sets the status of each resource to a withdrawn one
    (entered-in-error, error, retired, not active), and a Provenance records the time. Needs the
    study file, but no results.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages

    with working(study_file, "retract", **spoken) as work:
        target = study_file.settings.target_url
        work.progress.log.info(f"retracting from {target}", name="target.begin", target=target)
        changes = stages.take_back(study_file, work.progress, dry_run=dry_run, adopt=adopt)
        work.at_end(lambda run: show(changes, dry_run=dry_run, run=run if as_json else None))
