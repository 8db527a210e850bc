"""`abate publish`: write the last run's report to the server."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import options
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abate.publish.change import Change
    from abate.publish.diff import Number
    from abate.telemetry.history import Run

EPILOG = """\b
Examples:
  abate publish --dry-run      what would be created, updated and retracted
  abate publish                the second time: unchanged, nothing written
  abate publish --adopt        take over a report that abate 0.1 wrote
"""


class _Chosen(Spoken):
    """The other options."""

    adopt: bool
    replace: bool


@click.command("publish", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show the difference, write nothing.")
@options.adopt
@click.option(
    "--replace",
    is_flag=True,
    help="Retract the report that stands there, and publish without waiting: whoever has both "
    "reports may learn of single units.",
)
@options.log
@options.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
    **chosen: Unpack[_Chosen],
) -> None:
    """Write the report of the last run to the target server, as FHIR.

    One transaction, or nothing. Resources that are unchanged are not written. A report that would
    disclose single units together with earlier ones waits. A --set option of the run must be given
    here again.
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
        work.at_end(lambda run: show(changes, dry_run=dry_run, run=run if as_json else None))


def show(changes: "Sequence[Change]", *, dry_run: bool, run: "Run | None") -> None:
    """Print the changes: for programs with the run's summary, or for people."""
    if run is not None:
        options.print_json(as_builtins(changes, run, dry_run=dry_run))
        return
    for one in changes:
        if one.action != "unchanged":
            options.show(_line(one))
    if dry_run:
        end = "; dry run, nothing written"
    else:
        end = "" if any(one.is_written for one in changes) else "; nothing written"
    options.show(count_changes(changes) + end)


def count_changes(changes: "Sequence[Change]") -> str:
    """`create 2, update 0, retract 0, unchanged 7`."""
    from abate.telemetry.progress import count

    return ", ".join(f"{action} {n}" for action, n in count(changes).items())


def as_builtins(changes: "Sequence[Change]", run: "Run", *, dry_run: bool) -> dict[str, object]:
    """The changes and the run's summary, for programs."""
    import msgspec

    from abate.telemetry.progress import count

    rows = [
        {
            "reference": one.reference,
            "name": one.name,
            "action": one.action,
            "differs": list(one.differs),
            "numbers": [{"name": n.name, "old": n.old, "new": n.new} for n in one.numbers],
            **({"why": one.why} if one.why else {}),
        }
        for one in changes
    ]
    summary = msgspec.to_builtins(run)
    return {"dry_run": dry_run, **count(changes), "changes": rows, "run": summary}


def _line(one: "Change") -> str:
    """`update  Observation/... week/falls (value 6 -> 7, n 9 -> 10)`."""
    said = [_format_move(number) for number in one.numbers] + list(one.worded)
    why = one.why or ", ".join(said)
    named = f"{one.action}  {one.reference}" + (f" {one.name}" if one.name else "")
    return f"{named} ({why})" if why else named


def _format_move(number: "Number") -> str:
    old, new = (f"{one:.6g}" if one is not None else "none" for one in (number.old, number.new))
    if old == new:
        old, new = repr(number.old), repr(number.new)
    return f"{number.name} {old} -> {new}"
