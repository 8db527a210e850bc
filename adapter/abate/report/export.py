"""The report as files that others may see: the page, CSV, JSON, and a FHIR Bundle."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from abate.analysis import loader, results
from abate.analysis.results import Results
from abate.config.settings import StudyFile
from abate.disclosure import make_release, refuse_without_units, rule_of
from abate.errors import PublishRefused, disk_errors
from abate.fhir.canonical import SYSTEM, stable_id
from abate.report import files
from abate.report.fhir import bundle
from abate.report.page import document
from abate.telemetry.log import Log

Version = Literal["R4", "R5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The files that were written, and the rule of small cells."""

    study: str
    rule: str
    files: list[Path]

    def as_json(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return {"study": self.study, "rule": self.rule, "files": [str(file) for file in self.files]}


def version_of(text: str | None) -> Version | None:
    """Return the FHIR version of an option."""
    return "R4" if text == "R4" else "R5" if text == "R5" else None


def write(
    study_file: StudyFile, folder: Path, log: Log, version: Version | None = None
) -> Exported:
    """Write the released form of the last run's results to a folder.

    Raises:
        AbateError: there are no results.
        PluginError: a plugin is broken.
        PublishRefused: the study file has changed since the run, or its rule cannot be applied.
        StoreError: a file cannot be written.
    """
    loaded = results.load(study_file.output, study_file.again("run"))
    _refuse_changed(study_file, loaded)
    rule = rule_of(study_file.settings.report.minimum_cell)
    refuse_without_units(loaded, rule)
    shown = _anonymous(make_release(loaded, rule))
    host = loader.load(study_file.settings.plugins)
    plugin_sections = host.page_sections(shown, log.warning)
    bundle = (
        _bundle(shown, host, document.render(shown, plugin_sections), version) if version else None
    )
    with disk_errors(f"{folder} cannot be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    others = {} if bundle is None else {folder / f"bundle-{version}.json".lower(): bundle}
    written = files.write(shown, folder, plugin_sections, others)
    return Exported(study=shown.study, rule=shown.rule, files=written)


def _refuse_changed(study_file: StudyFile, loaded: Results) -> None:
    if loaded.study_digest != study_file.digest:
        raise PublishRefused(
            "the study file, its code lists, or a --set of the command line has changed since the "
            f"run. Run the study again: {study_file.again('run')}"
        )


def _anonymous(shown: Results) -> Results:
    """Remove the names of the run and of the server, which are not part of the results."""
    return replace(shown, run_id="", inputs=replace(shown.inputs, server=""))


def _bundle(shown: Results, host: loader.Host, html: str, version: Version) -> bytes:
    resources = bundle.report(shown, host, page=html, version=version)
    whole = {
        "resourceType": "Bundle",
        "id": stable_id(shown.study, "bundle"),
        "identifier": {"system": SYSTEM, "value": f"{shown.study}/bundle"},
        "type": "collection",
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)
