"""`abate export`: the last run's report as files for release."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from abate.cli import options, stderr

if TYPE_CHECKING:
    from abate.config.settings import StudyFile

EPILOG = """\b
Examples:
  abate export                 page, CSV and JSON to abate-output/released
  abate export --to /srv/reports --fhir R4
  abate export knee/study.toml --json
"""


@click.command("export", epilog=EPILOG)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the files; by default `released` in the output folder.",
)
@click.option(
    "--fhir",
    "fhir_version",
    type=click.Choice(["R4", "R5"]),
    help="Also write the report as a FHIR Bundle.",
)
@options.of_study
def command(
    study: Path,
    overrides: tuple[str, ...],
    folder: Path | None,
    fhir_version: str | None,
    **shared: bool,
) -> None:
    """Write the report of the last run as files that may leave the organisation.

    Applies the small-cell rule of the study file: page, CSV and JSON show the same as a published
    report, and no more. Repeat each --set option of the run here.
    """
    study_file = options.read_study(study, overrides)
    from abate.report import export
    from abate.telemetry.status import held

    target = folder or study_file.output / "released"
    with (
        stderr.handlers("text", is_quiet=shared["quiet"]) as handlers,
        held(study_file.output, "export", *handlers) as progress,
    ):
        progress.log.info(f"exporting to {target}")
        exported = export.write(study_file, target, progress.log, export.version_of(fhir_version))
    if shared["as_json"]:
        options.print_json(exported.as_json())
    else:
        _show(exported.files, exported.rule, target, study_file)


def _show(files: list[Path], rule: str, target: Path, study_file: "StudyFile") -> None:
    for path in files:
        options.show(str(path))
    words = "every count is shown" if rule in ("1", "none") else "small cells are hidden"
    options.show(
        f"Wrote {len(files)} files of {study_file.settings.study.id} to {target}: "
        f"small-cell rule {rule}, {words}."
    )
