"""A study on a HAPI server, and the rows of its store after each night."""

import time

from abate.analysis import loader
from abate.config.reader import read
from abate.ingest.ingest import How, refresh
from abate.store.database import opened
from abate.telemetry.status import held
from heard import sentences

STUDY = """
[study]
id = "nights"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
strategy = "{strategy}"
{settings}
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
        self.said, self.settings = [], ""

    def begin(self):
        """Thirty scores of three patients, each with one procedure and one condition."""
        for one in ("na", "nb", "nc"):
            self.put(
                {"resourceType": "Patient", "id": one, "gender": "female"},
                procedure(f"treat-{one}", one),
                about("Condition", f"tumour-{one}", one, "tumour"),
                *(score(f"{one}-{number}", one, number) for number in range(10)),
            )
        # The watermark is a whole second, as the server's Date is; what was written in that second
        # comes once more, and on a fast machine all nights would be in it.
        time.sleep(2)

    def end(self):
        """Take all of it away, whatever a test has left."""
        for one in ("na", "nb", "nc"):
            path = f"Observation?subject=Patient/{one}&_count=1000"
            found = self.client.get(path, headers={"Cache-Control": "no-cache"}).json()
            for entry in found.get("entry", ()):
                self.delete("Observation", entry["resource"]["id"])
            for kind, name in (("Condition", "tumour"), ("Procedure", "treat")):
                self.delete(kind, f"{name}-{one}")
            self.delete("Patient", one)

    def put(self, *resources):
        answer = self.client.transact(*resources)
        assert answer.status_code == 200, answer.text[:500]

    def delete(self, kind, identifier):
        """Delete a resource; one that has gone already is no matter."""
        status = self.client.delete({"resourceType": kind, "id": identifier}).status_code
        assert status in (200, 204, 404, 410), status

    def night(self, name="nightly", **how):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        text = STUDY.format(base=self.client.base, strategy=self.strategy, settings=self.settings)
        (folder / "study.toml").write_text(text, "utf-8")
        study = read(folder / "study.toml", ())
        host = loader.load(study.settings.plugins)
        self.said.clear()
        with (
            held(study.output, "run", sentences(self.said.append)) as progress,
            refresh(study, host, progress, How(**how)),
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
