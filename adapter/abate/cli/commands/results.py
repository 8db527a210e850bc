"""`abate results`: the results of the last run, with all statistics."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import options

if TYPE_CHECKING:
    from abate.analysis.results import Results

EPILOG = """\b
Examples:
  abate results                  all analyses of the last run
  abate results first-week       one analysis, by its name
  abate results first-week knee/study.toml
  abate results --json | jq .outcomes
"""


@click.command("results", epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[ANALYSIS]...")
@options.overrides
@options.as_json
def command(names: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> None:
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
