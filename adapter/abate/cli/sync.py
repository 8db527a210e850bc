"""`abate sync`: the nightly job."""

from pathlib import Path

import click

from abate.cli import common
from abate.cli.publish import as_builtins, counted

EPILOG = """\b
Examples:
  abate sync
  15 2 * * *  abate sync /srv/pain/study.toml --quiet     in a crontab
"""


@click.command("sync", epilog=EPILOG)
@common.of_study
def command(study: Path, overrides: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Run, then publish: under one lock, with one exit code.

    Prints one line when all went well. If an analysis fails, the results of the others are
    published, and the exit code is 4.
    """
    from abate import study as stages
    from abate.connect import refuse_unready
    from abate.status import held

    study_file = common.read_study(study, overrides)
    with held(study_file.output, "sync") as progress:
        refuse_unready(study_file)
        found = stages.run(study_file, progress, common.speaker(is_quiet=quiet))
        changes = stages.write_back(study_file, progress, dry_run=False)
        if as_json:
            common.print_json(as_builtins(changes, dry_run=False))
        else:
            common.show(f"{found.study}: analysed {found.lesions} lesions; {counted(changes)}")
        stages.refuse_failed(found)
