"""`abate run`: pull, map, assemble, analyse; `abate results`: the results of the last run."""

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

EPILOG_OF_RESULTS = """\b
Examples:
  abate results                  all analyses of the last run
  abate results first-week       one analysis, by its name
  abate results first-week knee/study.toml
  abate results --json | jq .outcomes
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


@click.command("results", epilog=EPILOG_OF_RESULTS)
@click.argument("names", nargs=-1, metavar="[ANALYSIS]...")
@options.overrides
@options.as_json
def command_results(names: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> None:
    """Show the results of the last run: every estimate with interval, p, n and method.

    ANALYSIS is the name of an analysis; an argument that ends with .toml is the study file. The
    results are complete: small cells are not hidden, so they must not be passed on.
    """
    files = [name for name in names if name.endswith(".toml")]
    if len(files) > 1:
        raise click.UsageError("give one study file.")
    study_file = options.read_study(Path(files[0]) if files else options.STUDY, overrides)
    from abate.analysis import results
    from abate.cli import results_text

    shown = _select(
        results.load(study_file.output, study_file.again("run")),
        [name for name in names if name not in files],
    )
    if as_json:
        options.print_json(results.plain(shown))
        return
    options.show(results_text.text(shown))
    options.show(f"\nResults: {study_file.output / results.FILE} ({shown.release}).")


def _select(results: "Results", names: list[str]) -> "Results":
    """Return the results with the named analyses only; with all if no name is given."""
    from dataclasses import replace

    from abate.errors import nearest

    known = [outcome.name for outcome in results.outcomes]
    for name in names:
        if name not in known:
            raise click.UsageError(
                f"the last run has no analysis {name!r}.{nearest(name, known)} It has: "
                f"{', '.join(known)}."
            )
    outcomes = [outcome for outcome in results.outcomes if not names or outcome.name in names]
    return replace(results, outcomes=outcomes)
