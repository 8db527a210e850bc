"""Nights on a real server: only what changed is pulled; the store is what a fresh pull makes."""

import time

import pytest

from abate import plugins
from abate.refresh import How, refreshed
from abate.say import sentences
from abate.status import held
from abate.store import opened
from abate.study_file import read

pytestmark = pytest.mark.server

STUDY = """
[study]
id = "nights"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
strategy = "{strategy}"
page_size = 10
overlap_minutes = 0
[index]
codes = ["urn:nights|treat"]
[condition.primary]
codes = ["urn:nights|tumour"]
[scores]
codes = ["urn:nights|pain"]
[visits]
baseline = {{ from = -7, to = 0 }}
Wk1 = 7
"""
TABLES = ("patient", "procedure", "condition", "observation")


def concept(code):
    return {"coding": [{"system": "urn:nights", "code": code}]}


def about(kind, identifier, patient, code, **more):
    subject = {"reference": f"Patient/{patient}"}
    there = {"resourceType": kind, "id": identifier, "subject": subject, "code": concept(code)}
    return there | more


def score(identifier, patient, value, code="pain"):
    return about(
        "Observation", identifier, patient, code,
        status="final", effectiveDateTime="2026-01-17", valueInteger=value,
    )  # fmt: skip


def procedure(identifier, patient, status="completed"):
    when = {"performedDateTime": "2026-01-10"}
    return about("Procedure", identifier, patient, "treat", status=status, **when)


class Ward:
    """A study on a server, and the rows of its store after each night."""

    def __init__(self, client, folder, strategy):
        self.client, self.folder, self.strategy = client, folder, strategy
        self.said = []

    def put(self, *resources):
        answer = self.client.transact(*resources)
        assert answer.status_code == 200, answer.text[:500]

    def delete(self, kind, identifier):
        assert self.client.delete({"resourceType": kind, "id": identifier}).status_code < 300

    def night(self, name="nightly", **how):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        text = STUDY.format(base=self.client.base, strategy=self.strategy)
        (folder / "study.toml").write_text(text, "utf-8")
        study = read(folder / "study.toml", ())
        host = plugins.load(study.settings.plugins)
        self.said.clear()
        say = sentences(self.said.append)
        with (
            held(study.output, "run") as progress,
            refreshed(study, host, progress, say, How(**how)),
        ):
            pass
        with opened(study.output / "store.duckdb") as store:
            return {
                table: store.rows(f"select * exclude (run_id) from {table} order by id")
                for table in TABLES
            }

    def fresh(self):
        (self.folder / "fresh" / "abate-output" / "store.duckdb").unlink(missing_ok=True)
        return self.night("fresh")


@pytest.fixture(params=["hapi", "hapi_defaults"])
def ward(request, client_of, tmp_path):
    """Thirty scores of three patients on HAPI, as it is set for the tests and as it ships."""
    ward = Ward(client_of(request.getfixturevalue(request.param)), tmp_path, "population")
    for one in ("na", "nb", "nc"):
        ward.put(
            {"resourceType": "Patient", "id": one, "gender": "female"},
            procedure(f"treat-{one}", one),
            about("Condition", f"tumour-{one}", one, "tumour"),
            *(score(f"{one}-{number}", one, number) for number in range(10)),
        )
    # The watermark is a whole second, as the server's Date is; what was written in that second
    # comes once more, and on a fast machine all nights would be in it.
    time.sleep(2)
    yield ward
    rows = ward.night()
    ward.delete("Observation", "nb-1")  # It is no pain score any more.
    for kind in ("Observation", "Condition", "Procedure", "Patient"):
        for row in rows[kind.lower()]:
            ward.delete(kind, row[1])


def test_nights_on_hapi_leave_what_a_fresh_pull_makes(ward):
    rows = ward.night()
    assert {table: len(found) for table, found in rows.items()} == {
        "patient": 3, "procedure": 3, "condition": 3, "observation": 30,
    }  # fmt: skip
    assert ward.night() == rows
    assert any("0 of 0 Observation" in said for said in ward.said), ward.said
    ward.put(score("na-0", "na", 9), score("na-new", "na", 3), score("nb-0", "nc", 1))
    ward.put(score("nb-1", "nb", 1, code="other"), procedure("treat-nc", "nc", "entered-in-error"))
    ward.delete("Observation", "nc-1")
    ward.delete("Condition", "tumour-nb")
    changed = ward.night()
    assert changed == ward.fresh()
    ids = [row[1] for row in changed["observation"]]
    assert "na-new" in ids
    assert not {"nb-1", "nc-1"} & set(ids)
    ward.strategy = "patient"
    assert ward.night("by-patient")["observation"] == changed["observation"]
    ward.strategy = "bulk"
    exported = ward.night("by-bulk")
    assert exported == changed
    assert ward.night("by-bulk") == changed
    ward.strategy = "population"
    ward.delete("Observation", "na-new")
    assert ward.night(is_compared=True) == ward.fresh()
