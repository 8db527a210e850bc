"""`abate status`: how the last execution went, or that one is running."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import common

if TYPE_CHECKING:
    from abate.status import Status

EPILOG = """\b
Examples:
  abate status
  abate status knee/study.toml --json
"""


@click.command("status", epilog=EPILOG)
@common.as_json
@common.overrides
@common.study_argument
def command(study: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Tell how the last execution went, or that one is running.

    Reads a small file, not the store, so that it answers while a run is going.
    """
    import msgspec

    from abate import status

    found = status.read(common.read_study(study, overrides).output)
    if as_json:
        common.print_json(msgspec.to_builtins(found))
    else:
        common.show(_text(found))


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
    for query in found.queries:
        expected = "unknown" if query["expected"] is None else query["expected"]
        lines.append(
            f"pulled   {query['query']}: {query['received']} of {expected} {query['type']}"
        )
    if found.lesions_analysed is not None:
        lines.append(f"analysed {found.lesions_analysed} lesions")
    lines += [f"analysis {name}: {state}" for name, state in found.analyses.items()]
    if found.changes:
        done = "would" if found.dry_run else "did"
        counts = ", ".join(f"{action} {n}" for action, n in found.changes.items())
        lines.append(f"publish  {done}: {counts}")
    return "\n".join([*lines, *(f"note     {note}" for note in found.notes)])
