"""`abate sync`: run and publish, as a nightly job."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import changes_text, options
from abate.cli.commands.publish import as_builtins
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abate.analysis.results import Results
    from abate.publish.change import Change
    from abate.telemetry.history import Run

EPILOG = """\b
Examples:
  abate sync
  15 2 * * *  abate sync /srv/pain/study.toml --quiet     in a crontab
"""


@click.command("sync", epilog=EPILOG)
@options.full
@options.log
@options.of_study
def command(
    study: Path, overrides: tuple[str, ...], as_json: bool, full: bool, **spoken: Unpack[Spoken]
) -> None:
    """Run, then publish, under one lock and with one exit code.

    Prints what changed: the estimates with their old and new numbers, and what was deleted on the
    server; or one line if nothing changed. If an analysis fails, the results of the others are
    published, and the exit code is 4. A report that must wait is not a failure: see abate status.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages
    from abate.auth.servers import refuse_unready
    from abate.errors import PublicationWaits

    with working(study_file, "sync", **spoken) as work:
        refuse_unready(study_file.settings, study_file.folder)
        results = stages.run(study_file, work.progress, is_whole=full)
        changes, waits = [], False
        try:
            changes = stages.write_back(study_file, work.progress, dry_run=False)
        except PublicationWaits as waiting:
            work.progress.log.warning(str(waiting))
            changes, waits = waiting.changes, True
        work.at_end(lambda run: _show(results, changes, waits, run, as_json))
        stages.refuse_failed(results)


def _show(
    results: "Results", changes: "Sequence[Change]", waits: bool, run: "Run", as_json: bool
) -> None:
    if as_json:
        options.print_json({**as_builtins(changes, run, dry_run=False), "waits": waits})
        return
    for line in changes_text.numbers(changes):
        options.show(line)
    parts = [f"analysed {results.noun.count(results.lesions)}"]
    parts += [f"{n} {kind} deleted on the server" for kind, n in run.deleted.items()]
    is_changed = any(change.action != "unchanged" for change in changes)
    parts.append(changes_text.count_changes(changes) if is_changed else "nothing changed")
    parts += ["the report waits: see abate status"] if waits else []
    options.show(f"{results.study}: {'; '.join(parts)}")
