"""`abate status`: the running or the last execution, and earlier ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import options

if TYPE_CHECKING:
    from abate.telemetry.history import Run
    from abate.telemetry.progress import Status

EPILOG = """\b
Examples:
  abate status
  abate status knee/study.toml --json
  abate status knee/study.toml --runs 30
"""
RUNS = 10
HEADS = ("started (UTC)", "command", "seconds", "ended", "lesions", "changes", "warnings")


@click.command("status", epilog=EPILOG)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=RUNS,
    metavar="[N]",
    help=f"List the last N executions; {RUNS} without a number.",
)
@options.as_json
@options.overrides
@options.study_argument
def command(study: Path, overrides: tuple[str, ...], as_json: bool, runs: int | None) -> None:
    """Show the status of the running execution, or how the last one ended.

    Reads small files instead of the store, so it also works during a run.
    """
    folder = options.read_study(study, overrides).output
    if runs is None:
        _show_last(folder, is_json=as_json)
    else:
        _show_recent(folder, runs, is_json=as_json)


def _show_last(folder: Path, *, is_json: bool) -> None:
    import msgspec

    from abate.releases import waiting
    from abate.telemetry import status

    found, waits = status.read(folder), waiting.read(folder)
    if is_json:
        options.print_json({**msgspec.to_builtins(found), "waits": msgspec.to_builtins(waits)})
        return
    options.show(_text(found))
    if waits is not None:
        options.show(f"waits    {waits.sentence}")


def _show_recent(folder: Path, number: int, *, is_json: bool) -> None:
    import msgspec

    from abate.telemetry import status

    found, notes = status.recent(folder, number)
    if is_json:
        options.print_json({"runs": msgspec.to_builtins(found), "notes": notes})
        return
    options.show(options.table(HEADS, [_row(one) for one in found]))
    for note in notes:
        options.show(f"note: {note}")


def _row(one: "Run") -> list[str]:
    return [
        f"{one.started_at:%Y-%m-%d %H:%M:%S}",
        one.command,
        "" if one.seconds is None else f"{one.seconds:.1f}",
        _format_end(one),
        "" if one.lesions_analysed is None else str(one.lesions_analysed),
        _changes(one),
        str(len(one.warnings) or ""),
    ]


def _format_end(one: "Run") -> str:
    if one.exit_code is None:
        return "died" if one.message else "running"
    return "done" if one.exit_code == 0 else f"failed ({one.exit_code})"


def _changes(one: "Run") -> str:
    counts = ", ".join(f"{action} {n}" for action, n in one.changes.items() if n)
    return f"would {counts}" if counts and one.dry_run else counts


def _text(found: "Status") -> str:
    lines = [
        f"abate {found.command}: {found.state}"
        + (f" (exit code {found.exit_code})" if found.exit_code else ""),
        f"run {found.run_id}, process {found.pid}",
        f"started  {found.started_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if found.finished_at:
        lines.append(f"finished {found.finished_at:%Y-%m-%d %H:%M:%S} UTC")
    if found.message:
        lines.append(f"because  {found.message}")
    lines += [*_doing(found), *_books(found)]
    if found.lesions_analysed is not None:
        lines.append(f"analysed {found.lesions_analysed} lesions")
    lines += [f"analysis {name}: {state}" for name, state in found.analyses.items()]
    if found.changes:
        done = "would" if found.dry_run else "did"
        counts = ", ".join(f"{action} {n}" for action, n in found.changes.items())
        lines.append(f"publish  {done}: {counts}")
    return "\n".join([*lines, *found.warnings, *(f"note     {note}" for note in found.notes)])


def _doing(found: "Status") -> list[str]:
    """Return the current stage and query, or those at which the process died."""
    lines = []
    if found.since:
        lines.append(f"stage    {found.stage}, since {found.since:%H:%M:%S} UTC")
    if found.asking:
        asking = found.asking
        lines.append(f"query    {asking.query} ({asking.type}), since {asking.since:%H:%M:%S} UTC")
    return lines


def _books(found: "Status") -> list[str]:
    pulled = [
        f"pulled   {row['query']}: {row['received']} of {_known(row['expected'])} {row['type']}"
        for row in found.queries
    ]
    mapped = [
        f"mapped   {resource['type']}: {resource['mapped']} of {resource['received']}, "
        f"{resource['ignored']} ignored, {resource['rejected']} rejected"
        for resource in found.resources
    ]
    open_ones = [
        f"pulled   {name}: nothing confirms that it is complete" for name in found.unconfirmed
    ]
    return [*pulled, *open_ones, *mapped]


def _known(number: int | None) -> str:
    return "unknown" if number is None else str(number)
