"""`abate run`: pull, map, assemble, analyse."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import common

if TYPE_CHECKING:
    from abate.results import Results

EPILOG = """\b
Examples:
  abate run                                  the study.toml of this folder
  abate run knee/study.toml --set scores.per_visit=worst
  abate run --json | jq .outcomes
"""


@click.command("run", epilog=EPILOG)
@common.of_study
def command(study: Path, overrides: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Pull, map, assemble, analyse: nothing leaves the machine.

    Reads STUDY (study.toml), and keeps store and results in its output folder.
    """
    from abate import study as stages
    from abate.status import held

    study_file = common.read_study(study, overrides)
    with held(study_file.output, "run") as progress:
        found = stages.run(study_file, progress, common.speaker(is_quiet=quiet))
        print_results(found, is_json=as_json)
        stages.refuse_failed(found)


def print_results(found: "Results", *, is_json: bool) -> None:
    """Print the attrition and each statistic with its n and method."""
    import msgspec

    if is_json:
        common.print_json(msgspec.to_builtins(found))
        return
    click.echo(f"{found.title}: {found.release}\n")
    steps = [[step.stage, step.reason, step.unit, str(step.n)] for step in found.attrition]
    click.echo(common.table(["stage", "reason", "unit", "n"], steps))
    for outcome in found.outcomes:
        click.echo(f"\n{outcome.name} ({outcome.use}, {outcome.plugin} {outcome.plugin_version})")
        click.echo(_outcome(found, outcome.name))


def _outcome(found: "Results", name: str) -> str:
    from abate.report.fhir import number

    [outcome] = [one for one in found.outcomes if one.name == name]
    if outcome.result is None:
        return f"failed: {outcome.error}"
    if outcome.result.reason:
        return f"not estimable: {outcome.result.reason}"
    rows = [
        [
            one.name,
            "not estimable" if one.value is None else number(one.value),
            f"{number(one.interval.low)} to {number(one.interval.high)}" if one.interval else "",
            "" if one.p is None else number(one.p),
            str(one.n),
            one.method,
        ]
        for one in outcome.result.estimates
    ]
    return common.table(["statistic", "value", "interval", "p", "n", "method"], rows)
