"""What the tests share: the study's data, a sandbox on loopback, the command line."""

import gc
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from abate.analysis import results
from abate.analysis.outcome import Outcome
from abate.analysis.results import Results
from abate.cli import main
from abate.cohort.inputs import Inputs
from abate.config.reader import read
from abate.http import clock
from abate.report.fhir import bundle
from abate.sandbox import Sandbox, running
from abate.store import engine

# The tests make thousands of small databases. In memory none of them waits for a disk.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 1024**3:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

EXAMPLE = Path(__file__).parents[1] / "examples" / "cementoplasty"
CANARY_NAME = "Zwitscher-Canary"
CANARY_IDENTIFIER = "CANARY-4711-XYZ"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """One call of the command line."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what the tests themselves hold: it is there for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits sees the time go by, and nobody waits."""
    skipped = [0.0]
    monkeypatch.setattr(clock, "sleep", skipped.append)
    monkeypatch.setattr(clock, "now", lambda: time.monotonic() + sum(skipped))


@pytest.fixture(scope="session", autouse=True)
def one_thread_of_duckdb() -> Iterator[None]:
    """DuckDB works in one thread: for a few rows, others cost more CPU than they save time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(engine.SETTINGS, "threads", 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def drawn_once() -> Iterator[None]:
    """A chart is drawn once a session: the same specification gives the same drawing."""
    drawn: dict[str, str] = {}
    draw = vl_convert.vegalite_to_svg

    @wraps(draw)
    def once(spec: Resource, **options: Any) -> str:
        key = json.dumps([spec, options], sort_keys=True)
        if key not in drawn:
            drawn[key] = draw(spec, **options)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vl_convert, "vegalite_to_svg", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def validated_once() -> Iterator[None]:
    """A resource is validated once a session: the same content has the same faults."""
    validated: dict[str, list[str]] = {}
    faults = bundle.faults

    @wraps(faults)
    def once(resource: Resource, version: Any) -> list[str]:
        key = json.dumps([resource, version])
        if key not in validated:
            validated[key] = faults(resource, version)
        return validated[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bundle, "faults", once)
        yield


@pytest.fixture(autouse=True)
def in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak in sentences, though nobody sits at a terminal; `--log` says otherwise."""
    monkeypatch.setenv("ABATE_LOG", "text")


@pytest.fixture
def study_resources() -> list[Resource]:
    """The published study's resources, fresh; each patient has a canary's name and identifier."""
    bundle = json.loads((EXAMPLE / "bundle.json").read_text("utf-8"))
    resources = [entry["resource"] for entry in bundle["entry"]]
    for resource in resources:
        if resource["resourceType"] == "Patient":
            resource["name"] = [{"family": CANARY_NAME, "given": [CANARY_NAME]}]
            resource["identifier"] = [{"system": "urn:canary", "value": CANARY_IDENTIFIER}]
    return resources


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve resources by a sandbox on loopback: gives the base URL."""
    with ExitStack() as servers:

        def start(resources: list[Resource], **options: Any) -> str:
            sandbox = Sandbox(referential_integrity=False, **options)
            path = tmp_path / f"served-{id(sandbox)}.ndjson"
            path.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
            sandbox.load(path)
            return servers.enter_context(running(sandbox))

        yield start


@pytest.fixture
def study_file(whole_study_file: Path) -> Path:
    """The published study's study file with its first four analyses, which are quick."""
    text = whole_study_file.read_text("utf-8")
    first, _, rest = text.partition('[[analysis]]\nuse = "visit-changes"')
    _, _, last = rest.partition("[report]\n")
    whole_study_file.write_text(f"{first}[report]\n{last}", "utf-8")
    return whole_study_file


@pytest.fixture
def whole_study_file(tmp_path: Path) -> Path:
    """The published study's study file, in a folder of its own."""
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(EXAMPLE / "study.toml", folder)
    shutil.copy(EXAMPLE / "paper.json", folder)
    shutil.copytree(EXAMPLE / "codes", folder / "codes")
    return folder / "study.toml"


@pytest.fixture
def abate(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Call the command line, as a user does, in this process."""

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["abate", *map(str, arguments)])
        exit_code = 0
        try:
            main()
        except SystemExit as stop:
            exit_code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Ran(exit_code, captured.out, captured.err)

    return call


@pytest.fixture
def results_of() -> Callable[..., None]:
    """Keep outcomes as the results of the last run of the study file at a path."""

    def keep(path: Path, *outcomes: Outcome) -> None:
        study_file = read(path)
        server = study_file.settings.source.url
        results.save(
            Results(
                format=results.FORMAT,
                release="",
                rule="",
                study=study_file.settings.study.id,
                title=study_file.settings.study.title,
                synthetic=study_file.settings.study.synthetic,
                study_digest=study_file.digest,
                run_id="r",
                version="0.1.0",
                period=("2006-10", "2010-08"),
                patients=10,
                lesions=11,
                inputs=Inputs(server=server, counts={"Patient": 10}, digest="i"),
                attrition=[],
                outcomes=outcomes,
            ),
            study_file.output,
        )

    return keep
