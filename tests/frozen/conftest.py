"""What abate 0.1 left behind (tests/data/v0.1), laid out as it lay with its user."""

import gzip
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest
import requests

from abate.config.reader import read

FROZEN = Path(__file__).parents[1] / "data" / "v0.1"
FROZEN_URL = "http://127.0.0.1:18080/fhir"
# The types of a report that can be taken back, and how each then says so.
TAKEN_BACK = {
    "DiagnosticReport": [("status", "entered-in-error")],
    "Group": [("active", False)],
    "List": [("status", "entered-in-error")],
    "Measure": [("status", "retired")],
    "MeasureReport": [("status", "error")],
    "Observation": [("status", "entered-in-error")],
}
# What a refusal may tell the user to do next.
NEXT_STEP = re.compile(r"abate run|--adopt|--replace")


def unpacked(name):
    """The content of a frozen file."""
    return gzip.decompress((FROZEN / f"{name}.gz").read_bytes())


def resources_of(name):
    """The resources of a frozen Bundle."""
    return [entry["resource"] for entry in json.loads(unpacked(name))["entry"]]


def estimates_of(results):
    """Value, p and n of each estimate of a results.json, by `analysis/estimate`."""
    return {
        f"{outcome['name']}/{one['name']}": (one["value"], one.get("p"), one["n"])
        for outcome in results["outcomes"]
        for one in outcome["result"]["estimates"]
    }


class Frozen:
    """A study of 0.1 in a folder, with the server that it was made of."""

    def __init__(self, folder, serve, abate):
        self.study = folder / "study.toml"
        self.output = folder / "abate-output"
        self._serve, self._abate = serve, abate
        shutil.copytree(FROZEN / "study", folder)
        self.output.mkdir(mode=0o700)

    def serve(self, *bundles):
        """Serve frozen Bundles, and name the server in the study file."""
        self.base = self._serve([one for name in bundles for one in resources_of(name)])
        text = self.study.read_text("utf-8")
        self.study.write_text(text.replace(FROZEN_URL, self.base), "utf-8")

    def __call__(self, command, *options):
        """Call `abate COMMAND` on the study."""
        return self._abate(command, self.study, *options)

    def lay_store(self):
        """Lay the store down; the server's address, which cannot be kept, is put in its place."""
        path = self.output / "store.duckdb"
        path.write_bytes(unpacked("store.duckdb"))
        with duckdb.connect(str(path)) as store:
            tables = store.execute(
                "select table_name from duckdb_columns() join duckdb_tables() using (table_oid, "
                "table_name) where column_name = 'server'"
            ).fetchall()
            for (table,) in tables:
                store.execute(
                    f"update {table} set server = ? where server = ?", [self.base, FROZEN_URL]
                )

    def lay_results(self):
        """Lay the results down, as those of this study file on this server."""
        text = unpacked("results.json").decode().replace(FROZEN_URL, self.base)
        results = {**json.loads(text), "study_digest": read(self.study).digest}
        (self.output / "results.json").write_text(json.dumps(results), "utf-8")

    def rows(self, sql):
        """The rows of a question to the store."""
        with duckdb.connect(str(self.output / "store.duckdb"), read_only=True) as store:
            return store.execute(sql).fetchall()

    def all(self, kind):
        """All resources of a type on the server."""
        answer = requests.get(f"{self.base}/{kind}", params={"_count": "1000"}, timeout=5)
        return [entry["resource"] for entry in answer.json().get("entry", ())]

    def written(self):
        """What abate has written on the server, also what was taken back."""
        kinds = (*TAKEN_BACK, "CodeSystem", "Provenance")
        return [one for kind in kinds for one in self.all(kind) if is_ours(one)]

    def valid(self):
        """What stands on the server as a part of a report that counts."""
        found = [one for one in self.written() if one["resourceType"] in TAKEN_BACK]
        return [one for one in found if not is_taken_back(one)]

    def insist(self, command, *options):
        """Call a command; where it is refused with the option that lets it go on, give that."""
        ran = self(command, *options)
        if ran.exit_code == 5 and (named := re.findall(r"--(?:adopt|replace)\b", ran.err)):
            assert not set(named) <= set(options), ran.err
            return self.insist(command, *dict.fromkeys([*options, *named]))
        return ran


def is_ours(resource):
    """Whether a resource bears the mark of what abate writes."""
    return "content-digest" in json.dumps(resource)


def is_taken_back(resource):
    """Whether a resource says, in the way of its type, that it counts no longer."""
    return all(resource.get(key) == value for key, value in TAKEN_BACK[resource["resourceType"]])


@pytest.fixture
def frozen(tmp_path, serve, abate):
    """The study of 0.1, not yet served."""
    return Frozen(tmp_path / "frozen", serve, abate)


@pytest.fixture
def refused():
    """Check that a command stopped in the way of a refusal: a sentence that says what to do."""

    def check(ran):
        assert ran.exit_code in (1, 2, 5), ran.err
        assert "a fault of abate's own" not in ran.err
        message = ran.err.strip().splitlines()[-1]
        assert message.startswith("abate: ")
        assert NEXT_STEP.search(message), message
        assert "Traceback" not in ran.err

    return check


@pytest.fixture
def then():
    """The estimates that 0.1 found."""
    return estimates_of(json.loads(unpacked("results.json")))


@pytest.fixture
def install_frozen(tmp_path, tmp_path_factory, monkeypatch):
    """Install the plugins of 0.1 as pip leaves them."""
    project = tomllib.loads((FROZEN / "plugin" / "pyproject.toml").read_text("utf-8"))["project"]
    # It stays until all tests have ended: modules that were imported from there are kept, too.
    site = tmp_path_factory.mktemp("frozen") / "site-packages"
    shutil.copytree(FROZEN / "plugin", site)
    information = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"{name} = {module}" for name, module in project["entry-points"]["abate"].items()]
    (information / "entry_points.txt").write_text("\n".join(["[abate]", *lines, ""]))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("WARD_NOTES", str(tmp_path / "notes"))
    # The documentation has a plugin of the same name, which another test may have imported.
    modules = project["entry-points"]["abate"].values()
    others = {name: sys.modules.pop(name) for name in modules if name in sys.modules}
    yield tmp_path / "notes"
    for name in modules:
        sys.modules.pop(name, None)
    sys.modules.update(others)


@pytest.fixture
def frozen_report():
    """The resources that 0.1 published."""
    return resources_of("published.json")


@pytest.fixture
def frozen_path():
    """The folder of what is frozen."""
    return FROZEN


@pytest.fixture
def frozen_file():
    """Read a frozen file that is not packed."""
    return lambda name: (FROZEN / name).read_bytes()
