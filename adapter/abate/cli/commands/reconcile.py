"""`abate reconcile`: compare all ids and versions in the store with the server's."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import options
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from abate.ingest.ingest import Compared
    from abate.telemetry.history import Run

EPILOG = """\b
Examples:
  abate reconcile
  30 3 * * 0  abate reconcile /srv/pain/study.toml -q     on Sundays
"""


@click.command("reconcile", epilog=EPILOG)
@options.log
@options.of_study
def command(
    study: Path, overrides: tuple[str, ...], as_json: bool, **spoken: Unpack[Spoken]
) -> None:
    """Compare all ids and versions in the store with the server's, and update the store.

    Nightly runs query only for changes. On a server that neither counts search results nor keeps a
    history, they cannot detect deletions; some changes cannot be found by date. This command finds
    both. It computes and publishes nothing.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages

    with working(study_file, "reconcile", **spoken) as work:
        compared = stages.reconcile(study_file, work.progress)
        work.at_end(lambda run: _show(compared, run if as_json else None))


def _show(compared: "list[Compared]", run: "Run | None") -> None:
    if run is not None:
        from msgspec import to_builtins

        types = [counts.as_builtins() for counts in compared]
        options.print_json({"types": types, "run": to_builtins(run)})
        return
    rows = [
        [counts.type, str(counts.kept), str(counts.changed), str(counts.gone)]
        for counts in compared
    ]
    options.show(options.table(["type", "in the store", "new or changed", "deleted"], rows))
