"""A server that changes by day, a store that follows by night, and what a fresh pull would have."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest
from werkzeug import Response
from werkzeug.test import Client

from abate.analysis import loader
from abate.config.reader import read
from abate.http import clock
from abate.http.response import Answer
from abate.ingest.ingest import How, refresh
from abate.sandbox import Sandbox
from abate.store import landing
from abate.store.database import opened
from abate.telemetry.status import held
from heard import sentences

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
    """The sandbox behind a front whose clock is the test's; `requests` since the last night.

    `gateway` is how far the clock that writes `Date` is ahead of the sandbox's, and `machine` the
    same of the machine that pulls: that is so late that only the server's clocks decide.
    """

    def __init__(self):
        self.requests = []
        self.clear()
        self.front = lambda request: None  # noqa: ARG005 - a front that lets all pass.

    def clear(self):
        """Begin anew, without a resource."""
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.gateway, self.machine = timedelta(0), timedelta(days=3650)
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
        host = loader.load(study.settings.plugins)
        with (
            held(study.output, "run", sentences(self.said.append)) as progress,
            refresh(study, host, progress, How(**how)),
        ):
            pass
        return self.rows(name)

    def fresh(self, *overrides):
        """The rows of a store that pulls everything anew."""
        store = self.study("fresh").output / "store.duckdb"
        store.unlink(missing_ok=True)
        return self.night(*overrides, name="fresh")

    def ask(self, sql, name="nightly"):
        """The rows of one query of the store."""
        with opened(self.study(name).output / "store.duckdb") as store:
            return store.rows(sql)

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
    monkeypatch.setattr(Answer, "date", property(lambda _: server.now + server.gateway))
    monkeypatch.setattr(landing, "now", lambda: server.now + server.machine)
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


_JOB = "/fhir/jobs/1"


class _Entry(msgspec.Struct):
    resource: msgspec.Raw


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


class Bulk:
    """A front that exports what the sandbox behind it has; a test changes what it says."""

    def __init__(self, server, base):
        self.server, self.base = server, base
        self.asked, self.polls, self.deletes = [], [], 0
        self.begins = [Response(status=202, headers={"Content-Location": f"{base}/jobs/1"})]
        self.manifest = {}
        self.more = []
        self.files = {}
        self.front = lambda request: None  # noqa: ARG005 - a test's own word comes first.
        self.ignores = ()
        self.members = None
        self.listed = None

    def __call__(self, request):
        said = self.front(request)
        if said is not None:
            return said
        if request.path.endswith("$export"):
            return self.begin(request)
        if request.path.startswith("/fhir/Group/"):
            return self.group()
        if request.path == _JOB:
            return self.job(request)
        if request.path.startswith("/fhir/files/"):
            return Response(self.files[request.path], content_type="application/fhir+ndjson")
        return None

    def job(self, request):
        if request.method == "DELETE":
            self.deletes += 1
            return Response(status=202)
        return self.polls.pop(0) if self.polls else self.complete()

    def begin(self, request):
        assert request.headers["Prefer"] == "respond-async"
        self.asked.append((request.path, request.args.to_dict(flat=False)))
        answer = self.begins.pop(0) if len(self.begins) > 1 else self.begins[0]
        if answer.status_code == 202:
            self.files |= self.exported(request.args)
        return answer

    def exported(self, asked):
        """A file a type, of what is there, or has changed."""
        filters = dict(one.split("?") for one in asked.getlist("_typeFilter"))
        found = {}
        for kind in asked["_type"].split(","):
            query = (
                f"_count=1000&{filters.get(kind, '') if '_typeFilter' not in self.ignores else ''}"
            )
            if "_since" in asked and "_since" not in self.ignores:
                query += f"&_lastUpdated=ge{asked['_since']}"
            body = Client(self.server.sandbox).get(f"/fhir/{kind}?{query}").data
            lines = [bytes(one.resource) for one in msgspec.json.decode(body, type=_Bundle).entry]
            lines = [line for line in lines if self.is_member(json.loads(line))]
            if lines:
                found[f"/fhir/files/{kind}"] = b"".join(line + b"\n" for line in lines)
        self.output = [
            {"type": path.rpartition("/")[2], "url": f"{self.base[:-5]}{path}"} for path in found
        ]
        self.moment = self.server.now.isoformat()
        return found

    def is_member(self, resource):
        """Whether it is of a patient of the group, where one is exported."""
        subject = resource.get("subject", {}).get("reference", f"Patient/{resource['id']}")
        return self.members is None or subject.rpartition("/")[2] in self.members

    def group(self):
        """The Group, as a test lists it; without its word, all whom the server exports."""
        listed = self.listed
        if listed is None:
            members = {"p1", "p2"} if self.members is None else self.members
            listed = [self.member(one) for one in sorted(members)]
        group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
        return Response(
            json.dumps({**group, "member": listed}), content_type="application/fhir+json"
        )

    @staticmethod
    def member(patient, **more):
        """A member of the Group."""
        return {"entity": {"reference": f"Patient/{patient}"}, **more}

    def complete(self):
        manifest = {
            "transactionTime": self.moment,
            "request": "x",
            "requiresAccessToken": False,
            "output": [*self.output, *self.more],
            "error": [],
            **self.manifest,
        }
        manifest = {key: value for key, value in manifest.items() if value is not None}
        return Response(json.dumps(manifest), content_type="application/json")

    def file(self, name, *lines):
        """One more file: its entry of a manifest."""
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        self.files[f"/fhir/files/{name}"] = "".join(f"{one}\n" for one in texts).encode()
        return {"type": name, "url": f"{self.base}/files/{name}"}


@pytest.fixture
def waited(monkeypatch):
    """The waits that were asked for, in seconds."""
    waits = []
    monkeypatch.setattr(clock, "sleep", waits.append)
    return waits


@pytest.fixture
def bulk(hospital, made, waited):  # noqa: ARG001 - nothing waits.
    """A server with two patients, of whom one has an index procedure, a tumour and two scores."""
    for one in (
        made.patient("p1"), made.patient("p2"), made.procedure("t1", "p1"),
        made.condition("c1", "p1"), made.score("s1", "p1"), made.score("s2", "p1", 3),
        made.score("other", "p1", code="1-1"),
    ):  # fmt: skip
        hospital.server.put(one)
    hospital.server.front = Bulk(hospital.server, hospital.base)
    return hospital.server.front


@pytest.fixture
def night(hospital):
    """A night by export."""
    return partial(hospital.night, "source.strategy=bulk")
