"""`abate reconcile`: compare all ids with the server's."""

from pathlib import Path

import click

from abate.cli import common

EPILOG = """\b
Examples:
  abate reconcile
  30 3 * * 0  abate reconcile /srv/pain/study.toml -q     on Sundays
"""


@click.command("reconcile", epilog=EPILOG)
@common.of_study
def command(study: Path, overrides: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Compare all ids of the store with the server's, and bring the store up to date.

    Nightly runs ask for what changed. A server that neither counts nor keeps a history tells nobody
    what was deleted: this finds it. Computes and publishes nothing.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    with held(study_file.output, "reconcile") as progress:
        found = stages.reconcile(study_file, progress, common.speaker(is_quiet=quiet))
    if as_json:
        common.print_json([one.as_builtins() for one in found])
        return
    rows = [[one.type, str(one.kept), str(one.changed), str(one.gone)] for one in found]
    common.show(common.table(["type", "in the store", "new or changed", "gone"], rows))
