"""`abate run`: pull, map, assemble, analyse."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from abate.cli import options
from abate.cli.session import Spoken, working

if TYPE_CHECKING:
    from abate.analysis.results import Results
    from abate.config.settings import StudyFile
    from abate.telemetry.history import Run

EPILOG = """\b
Examples:
  abate run                    use study.toml of the current folder
  abate run knee/study.toml --set scores.per_visit=worst
  abate run --json | jq .outcomes
"""


@click.command("run", epilog=EPILOG)
@options.full
@options.log
@options.of_study
def command(
    study: Path, overrides: tuple[str, ...], as_json: bool, full: bool, **spoken: Unpack[Spoken]
) -> None:
    """Pull, map, assemble, analyse. Nothing leaves the machine.

    Reads STUDY (default: study.toml), and writes store and results to its output folder.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages

    with working(study_file, "run", **spoken) as work:
        results = stages.run(study_file, work.progress, is_whole=full)
        work.at_end(lambda run: _show(results, study_file, run if as_json else None))
        stages.refuse_failed(results)


def _show(results: "Results", study_file: "StudyFile", run: "Run | None") -> None:
    """Print the results: as JSON with the run's summary if `run` is given, else as text."""
    import msgspec

    from abate.analysis.results import FILE, plain
    from abate.cli import results_text
    from abate.report.files import PAGE

    if run is not None:
        options.print_json({**plain(results), "run": msgspec.to_builtins(run)})
        return
    options.show(results_text.text(results))
    options.show(f"\nResults: {study_file.output / FILE} ({results.release}).")
    options.show(f"Report: {study_file.output / PAGE}")
    options.show(f"Next, see what publishing would write: {_publish(study_file)}")


def _publish(study_file: "StudyFile") -> str:
    """Return the command that publishes these results: the same study file and `--set`."""
    path = [] if study_file.path == options.STUDY else [str(study_file.path)]
    chosen = [part for override in study_file.overrides for part in ("--set", override)]
    return shlex.join(["abate", "publish", "--dry-run", *path, *chosen])
