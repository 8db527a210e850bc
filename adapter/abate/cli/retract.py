"""`abate retract`: take the study's report back."""

from pathlib import Path

import click

from abate.cli import common
from abate.cli.publish import show

EPILOG = """\b
Examples:
  abate retract --dry-run      what would be taken back
  abate retract                the second time: unchanged, nothing written
  abate publish                bring it all back
"""


@click.command("retract", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show what would be taken back, write nothing.")
@common.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Take the study's whole report back on the target server.

    Nothing is deleted: each resource says by its status that it is withdrawn (entered-in-error,
    error, retired, not active), in one transaction, and a Provenance tells when. Needs the study
    file, and no results.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    say = common.speaker(is_quiet=quiet)
    with held(study_file.output, "retract") as progress:
        say(f"taking back from {study_file.settings.target_url}")
        changes = stages.take_back(study_file, progress, dry_run=dry_run)
        show(changes, dry_run=dry_run, as_json=as_json)
