"""`abate run`: pull, map, assemble, analyse."""

from functools import partial
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
@options.verbose
@options.log
@options.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    as_json: bool,
    full: bool,
    verbose: bool,
    **spoken: Unpack[Spoken],
) -> None:
    """Pull, map, assemble, analyse. Nothing leaves the machine.

    Reads STUDY (default: study.toml), and writes store and results to its output folder. Prints a
    summary; abate results prints all statistics.
    """
    study_file = options.read_study(study, overrides)
    from abate import study as stages

    with working(study_file, "run", **spoken) as work:
        results = stages.run(study_file, work.progress, is_whole=full)
        show = (
            partial(print_json, results)
            if as_json
            else partial(_show, results, study_file, is_whole=verbose)
        )
        work.at_end(show)
        stages.refuse_failed(results)


def _show(results: "Results", study_file: "StudyFile", run: "Run", *, is_whole: bool) -> None:
    """Print a summary of the results, or all of them."""
    from abate.analysis.results import FILE
    from abate.cli import results_text, run_text
    from abate.report.files import PAGE

    options.show(results_text.text(results) if is_whole else run_text.text(results, run))
    options.show(f"\nResults: {study_file.output / FILE} ({results.release}).")
    options.show(f"Report: {study_file.output / PAGE}")
    if not is_whole:
        options.show(f"All statistics: {study_file.again('results')}")
    options.show(f"Next, see what publishing would write: {study_file.again('publish --dry-run')}")


def print_json(results: "Results", run: "Run") -> None:
    """Print the results with the run's summary."""
    import msgspec

    from abate.analysis.results import plain

    options.print_json({**plain(results), "run": msgspec.to_builtins(run)})
