"""`abate retract`: take the study's report back."""

from pathlib import Path
from typing import Unpack

import click

from abate.cli import options
from abate.cli.commands.publish import show
from abate.cli.session import Spoken, working

EPILOG = """\b
Examples:
  abate retract --dry-run      what would be taken back
  abate retract                the second time: unchanged, nothing written
  abate publish                bring it all back
"""


@click.command("retract", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show what would be taken back, write nothing.")
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
    """Take the study's whole report back on the target server.

    Nothing is deleted: each resource says by its status that it is withdrawn (entered-in-error,
    error, retired, not active), in one transaction, and a Provenance tells when. Needs the study
    file, and no results.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages

    with working(study_file, "retract", **spoken) as work:
        target = study_file.settings.target_url
        work.progress.log.info(f"taking back from {target}", name="target.begin", target=target)
        changes = stages.take_back(study_file, work.progress, dry_run=dry_run, adopt=adopt)
        work.at_end(lambda run: show(changes, dry_run=dry_run, run=run if as_json else None))
