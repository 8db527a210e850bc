"""`abate run`: pull, map, assemble, analyse."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import common

if TYPE_CHECKING:
    from abate.results import Results
    from abate.settings import StudyFile

EPILOG = """\b
Examples:
  abate run                    the study.toml of this folder
  abate run knee/study.toml --set scores.per_visit=worst
  abate run --json | jq .outcomes
"""


@click.command("run", epilog=EPILOG)
@common.full
@common.of_study
def command(
    study: Path, overrides: tuple[str, ...], quiet: bool, as_json: bool, full: bool
) -> None:
    """Pull, map, assemble, analyse: nothing leaves the machine.

    Reads STUDY (study.toml), and keeps store and results in its output folder.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    with held(study_file.output, "run") as progress:
        found = stages.run(study_file, progress, common.speaker(is_quiet=quiet), is_whole=full)
        _show(found, study_file, is_json=as_json)
        stages.refuse_failed(found)


def _show(found: "Results", study_file: "StudyFile", *, is_json: bool) -> None:
    import msgspec

    from abate.cli import summary
    from abate.report.files import PAGE
    from abate.results import FILE

    if is_json:
        common.print_json(msgspec.to_builtins(found))
        return
    common.show(summary.text(found))
    common.show(f"\nKept in {study_file.output / FILE} ({found.release}).")
    common.show(f"To read: {study_file.output / PAGE}")
    common.show(f"Next, what a report would write: {_publish(study_file)}")


def _publish(study_file: "StudyFile") -> str:
    """The command that goes on from here: on the same file, with the same `--set`."""
    path = [] if study_file.path == common.STUDY else [str(study_file.path)]
    chosen = [part for one in study_file.overrides for part in ("--set", one)]
    return shlex.join(["abate", "publish", "--dry-run", *path, *chosen])
