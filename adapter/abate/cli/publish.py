"""`abate publish`: write the last run's report to the server."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import common

if TYPE_CHECKING:
    from abate.publish import Change

EPILOG = """\b
Examples:
  abate publish --dry-run      what would be created, updated and retracted
  abate publish                the second time: unchanged, nothing written
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

    One transaction, or nothing. Resources that are unchanged are not written. A --set option of
    the run must be given here again.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    say = common.speaker(is_quiet=quiet)
    with held(study_file.output, "publish") as progress:
        say(f"comparing with {study_file.settings.target_url}")
        changes = stages.write_back(study_file, progress, dry_run=dry_run)
        (_show_json if as_json else _show)(changes, dry_run=dry_run)


def _show(changes: "list[Change]", *, dry_run: bool) -> None:
    for one in changes:
        if one.action != "unchanged":
            why = f" ({', '.join(one.differs)})" if one.differs else ""
            common.show(f"{one.action}  {one.reference}{why}")
    if dry_run:
        end = "; dry run, nothing written"
    else:
        end = "" if any(one.action != "unchanged" for one in changes) else "; nothing written"
    common.show(counted(changes) + end)


def _show_json(changes: "list[Change]", *, dry_run: bool) -> None:
    common.print_json(as_builtins(changes, dry_run=dry_run))


def counted(changes: "list[Change]") -> str:
    """`create 2, update 0, retract 0, unchanged 7`."""
    from abate.status import count

    return ", ".join(f"{action} {n}" for action, n in count(changes).items())


def as_builtins(changes: "list[Change]", *, dry_run: bool) -> dict[str, object]:
    """The changes, for programs."""
    from abate.status import count

    rows = [
        {"reference": one.reference, "action": one.action, "differs": list(one.differs)}
        for one in changes
    ]
    return {"dry_run": dry_run, **count(changes), "changes": rows}
