"""`abate publish`: write the last run's report to the target server."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import changes_text, options
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abate.publish.change import Change
    from abate.telemetry.history import Run

EPILOG = """\b
Examples:
  abate publish --dry-run      show what would change
  abate publish                a second time: unchanged, nothing written
  abate publish --adopt        take over a report that abate 0.1 wrote
"""


class _Chosen(Spoken):
    """The options that are passed on as one mapping."""

    adopt: bool
    replace: bool


@click.command("publish", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show the changes, but write nothing.")
@options.adopt
@click.option(
    "--replace",
    is_flag=True,
    help="Retract the report on the target, and publish without waiting. A reader who has both "
    "reports may learn about single units.",
)
@options.verbose
@options.log
@options.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
    verbose: bool,
    **chosen: Unpack[_Chosen],
) -> None:
    """Write the report of the last run to the target server, as FHIR.

    Writes everything in one transaction, or nothing. Unchanged resources are not written. A report
    waits if it would disclose single units together with earlier reports. Repeat each --set option
    of the run here.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages
    from abate.publish.compare import Publishing

    how = Publishing(adopts=chosen["adopt"], replaces=chosen["replace"])
    spoken = Spoken(log=chosen["log"], quiet=chosen["quiet"])
    with working(study_file, "publish", **spoken) as work:
        target = study_file.settings.target_url
        work.progress.log.info(f"comparing with {target}", name="target.begin", target=target)
        changes = stages.write_back(study_file, work.progress, dry_run=dry_run, how=how)
        work.at_end(
            lambda run: show(
                changes, dry_run=dry_run, run=run if as_json else None, verbose=verbose
            )
        )


def show(
    changes: "Sequence[Change]", *, dry_run: bool, run: "Run | None", verbose: bool = False
) -> None:
    """Print the changes: as JSON with the run's summary if `run` is given, else as text."""
    if run is not None:
        options.print_json(as_builtins(changes, run, dry_run=dry_run))
    else:
        options.show(changes_text.text(changes, dry_run=dry_run, verbose=verbose))


def as_builtins(changes: "Sequence[Change]", run: "Run", *, dry_run: bool) -> dict[str, object]:
    """Return the changes and the run's summary, for JSON."""
    import msgspec

    from abate.telemetry.progress import count

    rows = [
        {
            "reference": change.reference,
            "name": change.name,
            "action": change.action,
            "differs": list(change.differs),
            "numbers": [{"name": n.name, "old": n.old, "new": n.new} for n in change.numbers],
            **({"why": change.why} if change.why else {}),
        }
        for change in changes
    ]
    summary = msgspec.to_builtins(run)
    return {"dry_run": dry_run, **count(changes), "changes": rows, "run": summary}
