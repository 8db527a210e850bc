"""The loop through the command line and over real HTTP, with a front that scripts the faults."""

import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from fronts import Front

CANARIES = ("Zwitscher-Canary", "CANARY-4711-XYZ", "CANARY-IN-A-VALUE")
PUBLISHED = ("Group", "Observation", "DiagnosticReport", "Provenance", "List", "Measure",
             "MeasureReport", "CodeSystem", "Organization")  # fmt: skip


class Loop:
    """A study, the server in front of its sandbox, and what they must look like afterwards."""

    def __init__(self, abate, study_file, front, shelf):
        self.study = study_file
        self.shelf = shelf
        self.front = front
        self.base = self.home = front.base
        self.output = study_file.parent / "abate-output"
        self.loaded = {}
        self.ran = []
        self._abate = abate

    def __call__(self, command, *options):
        """Call `abate COMMAND` on the study with this server as its source."""
        url = ("--set", f"source.url={self.base}")
        ran = self._abate(command, self.study, *url, *options)
        self.ran.append(ran)
        return ran

    def has_run(self):
        """As after `abate run`: it runs once in a session, and what it left is copied."""
        kept = self.shelf / "after-a-run"
        if kept.exists():
            shutil.copytree(kept, self.output)
            return
        assert self("run", "--quiet").exit_code == 0
        shutil.copytree(self.output, kept)

    def load(self, resources):
        """Load resources into the sandbox, as they are."""
        path = self.study.parent / "served.ndjson"
        path.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
        self.front.sandbox.load(path)
        path.unlink()
        self.loaded = self.versions()

    def all(self, kind):
        """All resources of a type that stand on the server, past the front."""
        page = self.front.get(f"{kind}?_count=1000").json
        assert page["total"] == len(page.get("entry", []))
        return [entry["resource"] for entry in page.get("entry", [])]

    def versions(self):
        """The version of each resource on the server that we could have written."""
        return {
            f"{kind}/{one['id']}": one["meta"]["versionId"]
            for kind in PUBLISHED
            for one in self.all(kind)
        }

    def published(self):
        """What stands on the server beside what was loaded."""
        return {key for key in self.versions() if key not in self.loaded}

    def store(self):
        """A digest of the store's bytes, or None where there is no store."""
        path = self.output / "store.duckdb"
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None

    def shown(self):
        """All that anybody could see of the runs: texts by where they stand."""
        texts = {f"{place} of call {number}": text
                 for number, ran in enumerate(self.ran, start=1)
                 for place, text in (("stdout", ran.out), ("stderr", ran.err))}  # fmt: skip
        for path in self.output.rglob("*"):
            if path.is_file() and path.name != "store.duckdb" and "landing" not in path.parts:
                texts[path.name] = path.read_text("utf-8")
        for kind in PUBLISHED:
            for one in self.all(kind):
                if f"{kind}/{one['id']}" not in self.loaded:
                    texts[f"{kind}/{one['id']} on the server"] = json.dumps(one)
        return texts

    def refuse_canaries(self):
        """No text holds what only a patient's resource holds."""
        for place, text in self.shown().items():
            for canary in CANARIES:
                assert canary.lower() not in text.lower(), f"{canary} stands in {place}"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Where what a run left is kept for the tests that begin after one."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def loop(abate, study_file, study_resources, httpserver, shelf):
    """The published study on a server; nothing of a patient's may be seen when the test ends."""
    front = Front(httpserver.url_for("/fhir")).serve_on(httpserver)
    loop = Loop(abate, study_file, front, shelf)
    loop.load(study_resources)
    yield loop
    loop.refuse_canaries()
    # What landed whole stays for the next run, if one failed.
    all_went_well = not any(ran.exit_code for ran in loop.ran)
    assert not (all_went_well and (loop.output / "landing").exists())


@pytest.fixture
def failed():
    """Check a call that had to fail: its exit code, one sentence or more, nothing else."""

    def check(loop, ran, exit_code, *words, store):
        assert ran.exit_code == exit_code, ran.err
        message = ran.err.strip().splitlines()[-1]
        assert message.startswith("abate: ")
        for word in words:
            assert word in message
        assert ran.out == ""
        assert "Traceback" not in ran.err
        assert loop.store() == store
        assert not loop.published()
        status = json.loads((loop.output / "status.json").read_text("utf-8"))
        assert (status["state"], status["exit_code"]) == ("failed", exit_code)
        assert f"abate: {status['message']}" == message

    return check


@pytest.fixture
def rows(loop):
    """The rows of a question to the store."""

    def ask(sql):
        with duckdb.connect(str(loop.output / "store.duckdb"), read_only=True) as store:
            return store.execute(sql).fetchall()

    return ask


@pytest.fixture
def example_study():
    """The published study's file, as it was written."""
    return Path(__file__).parents[2] / "examples" / "cementoplasty" / "study.toml"
