"""`abate status`: the running or the last execution, and earlier ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from abate.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abate.config.noun import Noun
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
    study_file = options.read_study(study, overrides)
    folder, noun = study_file.output, study_file.settings.study.unit
    if runs is None:
        _show_last(folder, noun, is_json=as_json)
    else:
        _show_recent(folder, runs, noun, is_json=as_json)


def _show_last(folder: Path, noun: "Noun", *, is_json: bool) -> None:
    import msgspec

    from abate.releases import waiting
    from abate.telemetry import status

    last, waits = status.read(folder), waiting.read(folder)
    if is_json:
        options.print_json({**msgspec.to_builtins(last), "waits": msgspec.to_builtins(waits)})
        return
    options.show(_text(last, noun))
    if waits is not None:
        options.show(f"waits    {waits.sentence}")


def _show_recent(folder: Path, number: int, noun: "Noun", *, is_json: bool) -> None:
    import msgspec

    from abate.telemetry import status

    runs, notes = status.recent(folder, number)
    if is_json:
        options.print_json({"runs": msgspec.to_builtins(runs), "notes": notes})
        return
    options.show(options.table([noun.reword(head) for head in HEADS], [_row(run) for run in runs]))
    for note in notes:
        options.show(f"note: {note}")


def _row(run: "Run") -> list[str]:
    return [
        f"{run.started_at:%Y-%m-%d %H:%M:%S}",
        run.command,
        "" if run.seconds is None else f"{run.seconds:.1f}",
        _format_end(run),
        "" if run.lesions_analysed is None else str(run.lesions_analysed),
        _changes(run),
        str(len(run.warnings) or ""),
    ]


def _format_end(run: "Run") -> str:
    if run.exit_code is None:
        return "died" if run.message else "running"
    return "done" if run.exit_code == 0 else f"failed ({run.exit_code})"


def _changes(run: "Run") -> str:
    counts = ", ".join(f"{action} {n}" for action, n in run.changes.items() if n)
    return f"would {counts}" if counts and run.dry_run else counts


def _text(last: "Status", noun: "Noun") -> str:
    lines = [
        f"abate {last.command}: {last.state}"
        + (f" (exit code {last.exit_code})" if last.exit_code else ""),
        f"run {last.run_id}, process {last.pid}",
        f"started  {last.started_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if last.finished_at:
        lines.append(f"finished {last.finished_at:%Y-%m-%d %H:%M:%S} UTC")
    if last.message:
        lines.append(f"because  {last.message}")
    lines += [*_doing(last), *_books(last)]
    if last.lesions_analysed is not None:
        lines.append(f"analysed {noun.count(last.lesions_analysed)}")
    lines += [f"analysis {name}: {state}" for name, state in last.analyses.items()]
    if last.changes:
        done = "would" if last.dry_run else "did"
        counts = ", ".join(f"{action} {n}" for action, n in last.changes.items())
        lines.append(f"publish  {done}: {counts}")
    return "\n".join([*lines, *last.warnings, *(f"note     {note}" for note in last.notes)])


def _doing(last: "Status") -> list[str]:
    """Return the current stage and query, or those at which the process died."""
    lines = []
    if last.since:
        lines.append(f"stage    {last.stage}, since {last.since:%H:%M:%S} UTC")
    if last.asking:
        asking = last.asking
        lines.append(f"query    {asking.query} ({asking.type}), since {asking.since:%H:%M:%S} UTC")
    return lines


def _books(last: "Status") -> list[str]:
    pulled = [
        f"pulled   {row['query']}: {_format_counts(row)} {row['type']}" for row in last.queries
    ]
    mapped = [
        f"mapped   {resource['type']}: {resource['mapped']} of {resource['received']}, "
        f"{resource['ignored']} ignored, {resource['rejected']} rejected"
        for resource in last.resources
    ]
    open_ones = [
        f"pulled   {name}: nothing confirms that it is complete" for name in last.unconfirmed
    ]
    return [*pulled, *open_ones, *mapped]


def _format_counts(row: "Mapping[str, Any]") -> str:
    received, expected = row["received"], row["expected"]
    is_known = expected is not None and received <= expected
    return f"{received} of {expected if is_known else 'unknown'}"
