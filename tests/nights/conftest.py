"""A server that changes by day, a store that follows by night, and what a fresh pull would have."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Response
from werkzeug.test import Client

from abate import plugins
from abate.refresh import How, refreshed
from abate.sandbox import Sandbox
from abate.say import sentences
from abate.source.answer import Answer
from abate.status import held
from abate.store import opened
from abate.study_file import read

STUDY = """
[study]
id = "nights"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
strategy = "population"
page_size = 3
parallel = 2
overlap_minutes = 1
[index]
codes = ["urn:s|treat"]
[history.radiotherapy]
codes = ["urn:s|earlier"]
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


class Server:
    """The sandbox behind a front whose clock is the test's; `requests` since the last night."""

    def __init__(self):
        self.requests = []
        self.clear()
        self.front = lambda request: None  # noqa: ARG005 - a front that lets all pass.

    def clear(self):
        """Begin anew, without a resource."""
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.sandbox = Sandbox(referential_integrity=False, clock=lambda: self.now)

    def __call__(self, request):
        self.requests.append(f"{request.method} {request.path}")
        return self.front(request) or Response.from_app(self.sandbox, request.environ)

    def put(self, resource):
        """Write a resource as it is now; a moment passes."""
        self.now += timedelta(minutes=7)
        url = f"/fhir/{resource['resourceType']}/{resource['id']}"
        assert Client(self.sandbox).put(url, json=resource).status_code in (200, 201)

    def delete(self, kind, identifier):
        """Delete a resource; a moment passes."""
        self.now += timedelta(minutes=7)
        assert Client(self.sandbox).delete(f"/fhir/{kind}/{identifier}").status_code == 204


class Hospital:
    """A study's folder beside a server: each `night` brings the store up to date."""

    def __init__(self, folder, server, base):
        self.folder = folder
        self.server = server
        self.base = base
        self.said = []

    def begin(self, folder):
        """Begin with an empty server and no stores."""
        self.folder = folder
        self.server.clear()

    def study(self, name, *overrides):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "study.toml").write_text(STUDY.format(base=self.base), "utf-8")
        return read(folder / "study.toml", overrides)

    def night(self, *overrides, name="nightly", **how):
        """One refresh of the store; gives the rows of its tables, without run ids."""
        self.server.now += timedelta(hours=6)
        self.server.requests.clear()
        self.said.clear()
        study = self.study(name, *overrides)
        host = plugins.load(study.settings.plugins)
        with (
            held(study.output, "run") as progress,
            refreshed(study, host, progress, sentences(self.said.append), How(**how)),
        ):
            pass
        return self.rows(name)

    def fresh(self, *overrides):
        """The rows of a store that pulls everything anew."""
        store = self.study("fresh").output / "store.duckdb"
        store.unlink(missing_ok=True)
        return self.night(*overrides, name="fresh")

    def rows(self, name="nightly"):
        with opened(self.study(name).output / "store.duckdb") as store:
            return {
                table: store.rows(f"select * exclude (run_id) from {table} order by id")
                for table in TABLES
            }


@pytest.fixture
def hospital(tmp_path, httpserver, monkeypatch):
    server = Server()
    # The HTTP server below writes the machine's own time into its answers.
    monkeypatch.setattr(Answer, "date", property(lambda _: server.now))
    httpserver.expect_request(re.compile("/fhir.*")).respond_with_handler(server)
    return Hospital(tmp_path, server, httpserver.url_for("/fhir"))


@pytest.fixture
def made():
    """Make resources of the study, by type and id."""

    def make(kind, identifier, **more):
        return {"resourceType": kind, "id": identifier, **{k: v for k, v in more.items() if v}}

    def concept(code, system="urn:s"):
        return {"coding": [{"system": system, "code": code}]}

    class Made:
        @staticmethod
        def patient(identifier, **links):
            link = [
                {"other": {"reference": f"Patient/{other}"}, "type": kind.replace("_", "-")}
                for kind, other in links.items()
                if other
            ]
            return make("Patient", identifier, gender="female", link=link)

        @staticmethod
        def procedure(identifier, patient, code="treat", status="completed"):
            return make(
                "Procedure", identifier, status=status, code=concept(code),
                subject={"reference": f"Patient/{patient}"}, performedDateTime="2026-01-10",
            )  # fmt: skip

        @staticmethod
        def condition(identifier, patient, code="tumour"):
            subject = {"reference": f"Patient/{patient}"}
            return make("Condition", identifier, code=concept(code), subject=subject)

        @staticmethod
        def score(identifier, patient, value=5, code="72514-3", status="final"):
            return {
                **make(
                    "Observation", identifier, status=status,
                    code=concept(code, "http://loinc.org"),
                    subject={"reference": f"Patient/{patient}"}, effectiveDateTime="2026-01-17",
                ),
                "valueInteger": value,
            }  # fmt: skip

    return Made
