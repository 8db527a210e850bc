"""A study whose resources lie in files, beside the same resources on a server."""

import json

import pytest

from abate.analysis import loader
from abate.config.reader import read
from abate.ingest.ingest import refresh
from abate.store.database import opened
from abate.telemetry.status import held
from heard import sentences

STUDY = """
[study]
id = "files"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
{source}
[index]
codes = ["urn:s|treat"]
[condition.primary]
codes = ["urn:s|tumour"]
[scores]
codes = ["http://loinc.org|72514-3"]
[visits]
baseline = {{ from = -7, to = 0 }}
Wk1 = 7
[plugins]
allow = ["abate_analyses", "abate_mappings"]
"""
TABLES = ("patient", "procedure", "condition", "observation")
BASE = "https://fhir.example.com/r4"


class House:
    """A study's folder; each `run` refreshes its store from the files that lie there."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []

    def write(self, name, content):
        """A file in the folder: bytes, a text, or resources as NDJSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join(json.dumps(one) + "\n" for one in content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def run(self, *files, base=BASE, source=None):
        """Pull from `files`, or as `source` says."""
        chosen = f'strategy = "files"\nfiles = {json.dumps(files or ["*.ndjson"])}'
        (self.folder / "study.toml").write_text(
            STUDY.format(base=base, source=source or chosen), "utf-8"
        )
        study = read(self.folder / "study.toml", ())
        host = loader.load(study.settings.plugins)
        self.said.clear()
        with (
            held(study.output, "run", sentences(self.said.append)) as progress,
            refresh(study, host, progress),
        ):
            pass

    def ask(self, sql):
        with opened(self.folder / "abate-output" / "store.duckdb") as store:
            return store.rows(sql)

    def rows(self):
        return {
            table: self.ask(f"select * exclude (run_id) from {table} order by id")
            for table in TABLES
        }

    def ids(self, kind):
        return [one for (one,) in self.ask(f"select id from {kind} order by id")]


@pytest.fixture
def house(tmp_path):
    folder = tmp_path / "house"
    folder.mkdir()
    return House(folder)


def concept(system, code):
    return {"coding": [{"system": system, "code": code}]}


@pytest.fixture
def resources():
    """One patient with an index procedure, a tumour and two scores; a fresh copy."""
    subject = {"reference": "Patient/p1"}
    scores = [
        {
            "resourceType": "Observation",
            "id": f"s{day}",
            "status": "final",
            "code": concept("http://loinc.org", "72514-3"),
            "subject": subject,
            "effectiveDateTime": f"2026-01-{day}",
            "valueInteger": 5,
        }
        for day in (10, 17)
    ]
    return [
        {"resourceType": "Patient", "id": "p1", "gender": "female"},
        {
            "resourceType": "Procedure",
            "id": "t1",
            "status": "completed",
            "code": concept("urn:s", "treat"),
            "subject": subject,
            "performedDateTime": "2026-01-10",
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "code": concept("urn:s", "tumour"),
            "subject": subject,
        },
        *scores,
    ]
