"""A study whose resources lie in files, beside the same resources on a server."""

import json

import pytest

import made
from pulls import Pulls, study_text

BASE = "https://fhir.example.com/r4"


class FileStudy(Pulls):
    """A study's folder; each `run` refreshes its store from the files that lie there."""

    def __init__(self, folder):
        super().__init__(folder, lambda: study_text(*self.source, name="files"), name=".")
        self.source = BASE, ""

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
        self.source = base, source or chosen
        with self.refreshed():
            pass

    def ids(self, kind):
        return [identifier for (identifier,) in self.ask(f"select id from {kind} order by id")]


@pytest.fixture
def house(tmp_path):
    folder = tmp_path / "house"
    folder.mkdir()
    return FileStudy(folder)


@pytest.fixture
def resources():
    """One patient with an index procedure, a tumour and two scores; a fresh copy."""
    scores = [made.score(f"s{day}", "p1", effectiveDateTime=f"2026-01-{day}") for day in (10, 17)]
    return [
        made.patient("p1"), made.procedure("t1", "p1"), made.condition("c1", "p1"), *scores,
    ]  # fmt: skip
