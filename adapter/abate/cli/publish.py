"""`abate publish`: write the last run's report to the server."""

from pathlib import Path

import click

from abate.cli import common

EPILOG = """\b
Examples:
  abate publish --dry-run     what would be created and updated
  abate publish               the second time: unchanged, nothing written
"""


@click.command("publish", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show the difference, write nothing.")
@common.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Write the report of the last run to the target server, as FHIR.

    One transaction, or nothing. Resources that are unchanged are not written.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    say = common.speaker(is_quiet=quiet)
    with held(study_file.output, "publish") as progress:
        say(f"comparing with {study_file.settings.target_url}")
        changes = stages.write_back(study_file, progress, dry_run=dry_run)
        common.print_changes(changes, is_json=as_json, dry_run=dry_run)
