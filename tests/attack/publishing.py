"""A hospital that publishes a ward night by night, as `abate publish` does, and its readers."""

import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from abate import study
from abate.analysis import results
from abate.config.reader import read
from abate.errors import PublicationWaits
from abate.telemetry.status import held
from attack import Release
from knowledge import Knowledge
from published import figures
from wards import STUDY, Ward, analysed

KINDS = ("Group", "List", "MeasureReport", "Observation", "DiagnosticReport")


class PublishingStudy:
    """The folder of the demo's study, and the embedded server that its report goes to.

    Attributes:
        seen: what was published so far, as its readers see it.
        waited: how many nights published nothing.
    """

    def __init__(self, folder: Path, base: str, analyses: Collection[str] | None = None) -> None:
        """Nothing is published yet; only some analyses are, if they are named."""
        folder.mkdir()
        shutil.copy(STUDY, folder)
        shutil.copy(STUDY.parent / "paper.json", folder)
        shutil.copytree(STUDY.parent / "codes", folder / "codes")
        overrides = [f'source.url="{base}"', "study.synthetic=false", "report.minimum_cell=5"]
        self.study_file = read(folder / STUDY.name, overrides)
        self.study_file.output.mkdir(exist_ok=True)
        self.base, self.analyses = base, analyses
        self.seen: list[Release] = []
        self.waited = 0

    def night(self, ward: Ward) -> bool:
        """A ward is analysed and published; gives whether it was, or waits."""
        found = analysed(ward.cohort, self.study_file)
        kept = [one for one in found.outcomes if self.analyses is None or one.name in self.analyses]
        results.save(replace(found, outcomes=kept), self.study_file.output)
        try:
            with held(self.study_file.output, "publish") as progress:
                study.write_back(self.study_file, progress, dry_run=False)
        except PublicationWaits:
            self.waited += 1
            return False
        known = Knowledge(ward.cohort, self.study_file, ward.corrected_units).figures()
        self.seen.append(Release(figures(self.standing()), known))
        return True

    def standing(self) -> list[dict[str, Any]]:
        """All that can be read on the server."""
        found = []
        for kind in KINDS:
            url = f"{self.base}/{kind}?_count=1000"
            entries = requests.get(url, timeout=20).json().get("entry", ())
            found += [one["resource"] for one in entries]
        return found
