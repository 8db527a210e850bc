"""The demo: run the published study from server to server, and compare it with the paper.

The Bundle, the study file, the code lists and the paper's figures are beside this module, made from
`examples/cementoplasty`. Only the last table uses the paper's figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from abate import study as stages
from abate.analysis import loader, published_figures
from abate.analysis.published_figures import ComparedFigure
from abate.config.reader import read
from abate.demo.figures import read_back
from abate.errors import SourceError, StudyFileError
from abate.fhir.client import FhirServer
from abate.report.files import PAGE
from abate.sandbox import Sandbox, running
from abate.telemetry.log import Handler
from abate.telemetry.status import count, held

DATA = files(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The results of the demo: the compared figures and the published changes."""

    title: str
    report: str
    changes: dict[str, int]
    again: dict[str, int]
    figures: Sequence[ComparedFigure]

    def as_json(self) -> dict[str, Any]:
        """Return the results for JSON."""
        return {
            "study": self.title,
            "report": self.report,
            "published": self.changes,
            "published_again": self.again,
            "figures": [figure.as_json() for figure in self.figures],
        }


def run(folder: Path, *handlers: Handler) -> DemoResult:
    """Load, pull, compute, publish, publish again, read back; write the files to `folder`.

    The log goes to `handlers`.
    """
    path = lay_out(folder)
    with running(Sandbox()) as url:
        load_study_by_http(url)
        study_file = read(path, [f"source.url={url}"])
        host = loader.load(study_file.settings.plugins)
        published = published_figures.load(study_file)
        with held(study_file.output, "demo", *handlers) as progress:
            progress.log.info(f"loaded the published study into a FHIR server at {url}")
            results = stages.run(study_file, progress)
            stages.refuse_failed(results)
            changes = stages.write_back(study_file, progress, dry_run=False)
            again = stages.write_back(study_file, progress, dry_run=False)
        with FhirServer(url) as server:
            report, statistics = read_back(server, study_file.settings.study.id)
    return DemoResult(
        title=results.title,
        report=report,
        changes=count(changes),
        again=count(again),
        figures=host.compare_figures(published, statistics) if published else (),
    )


def page_in(folder: Path) -> Path:
    """Return the path of the report's page, for files that the demo kept in `folder`."""
    return read(folder / "study.toml").output / PAGE


def load_study(sandbox: Sandbox) -> int:
    """Load the published study into an embedded server; return the number of resources."""
    with as_file(DATA / "bundle.json") as path:
        return sandbox.load(path)


def load_study_by_http(url: str) -> None:
    """Write the published study to a server, in one transaction.

    Raises:
        SourceError: the server refuses it.
    """
    with FhirServer(url) as server:
        answer = server.transact((DATA / "bundle.json").read_bytes())
    if answer.status != 200:
        raise SourceError(f"{answer.place} answered the Bundle of the study with {answer.status}")


def lay_out(folder: Path) -> Path:
    """Copy the study file and its code lists to a folder, so that the user can change them.

    Raises:
        StudyFileError: the folder has a file of that name with other content.
    """
    names = [
        "study.toml",
        "paper.json",
        *(f"codes/{file.name}" for file in (DATA / "codes").iterdir()),
    ]
    for name in names:
        path, content = folder / name, (DATA / name).read_bytes()
        if path.exists() and path.read_bytes() != content:
            raise StudyFileError(
                f"{path} exists with other content and is not overwritten: choose another folder"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "study.toml"
