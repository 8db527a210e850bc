"""Write the golden reports: `python tests/golden/make.py`.

The published study is run on an embedded server; of its results the primary analysis and one of
responders are reported, in R4 and R5, and in R4 with counts under 5 hidden. One resource a line.
Run times, digests of inputs and the page are replaced by fixed ones.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from abate import study
from abate.analysis import loader
from abate.analysis.results import Results
from abate.cohort.inputs import Inputs
from abate.config.reader import read
from abate.disclosure import make_release, rule_of
from abate.report.fhir import bundle, diagnostic_report, group, measures, provenance
from abate.report.fhir.elements import Resource, Version
from abate.sandbox import Sandbox, running
from abate.telemetry.status import held

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "cementoplasty"
NOW = "2026-01-01T00:00:00Z"
PAGE = "<!doctype html><title>A page</title><p>The page stands here."
REPORTED = ("first-week", "responders")
GOLDEN: dict[str, tuple[int, Version]] = {
    "report-r4.json": (1, "R4"),
    "report-r5.json": (1, "R5"),
    "report-r4-minimum-5.json": (5, "R4"),
}


def made() -> dict[str, str]:
    """The text of each golden file by its name."""
    with TemporaryDirectory() as folder:
        found = _reported(_run(Path(folder)))
    return {name: _text(_report(found, *how)) for name, how in GOLDEN.items()}


def _run(folder: Path) -> Results:
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    sandbox = Sandbox()
    sandbox.load(folder / "bundle.json")
    with running(sandbox) as url:
        study_file = read(folder / "study.toml", [f"source.url={url}"])
        with held(study_file.output, "golden") as progress:
            return study.run(study_file, progress)


def _reported(found: Results) -> Results:
    """What of the results is the same in each run, of the analyses that are reported."""
    inputs = Inputs(server="http://source.test/fhir", counts=found.inputs.counts, digest="0" * 64)
    outcomes = [outcome for outcome in found.outcomes if outcome.name in REPORTED]
    return replace(found, inputs=inputs, study_digest="0" * 64, outcomes=outcomes)


def _report(found: Results, minimum: int, version: Version) -> list[Resource]:
    with _fixed_time():
        shown = make_release(found, rule_of(minimum))
        return bundle.report(shown, loader.load(), page=PAGE, version=version)


@contextmanager
def _fixed_time() -> Iterator[None]:
    modules = (diagnostic_report, group, measures, provenance)
    now: Callable[[], str] = group.now
    for module in modules:
        module.now = _now
    try:
        yield
    finally:
        for module in modules:
            module.now = now


def _now() -> str:
    return NOW


def _text(resources: list[Resource]) -> str:
    lines = [json.dumps(one, ensure_ascii=False) for one in resources]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    for name, text in made().items():
        (HERE / name).write_text(text, "utf-8")
        sys.stdout.write(f"{name}: {text.count(chr(10)) - 2} resources\n")
