"""A server that changes by day, a store that follows by night, and what a fresh pull would have."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest
from werkzeug import Response
from werkzeug.test import Client

import made
from abate.http import clock
from abate.http.response import Answer
from abate.sandbox import Sandbox
from abate.store import landing
from fronts import Front
from pulls import Pulls, study_text

SOURCE = """
strategy = "population"
page_size = 3
parallel = 2
overlap_minutes = 1
"""
EARLIER = """
[history.radiotherapy]
codes = ["urn:s|earlier"]
"""


class Server(Front):
    """A front whose clock is the test's; `requests` since the last night.

    `gateway` is how far the clock that writes `Date` is ahead of the sandbox's, and `machine` the
    same of the machine that pulls: that is so late that only the server's clocks decide.
    """

    def __init__(self, base):
        super().__init__(base)
        self.clear()

    def clear(self):
        """Begin anew, without a resource."""
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.gateway, self.machine = timedelta(0), timedelta(days=3650)
        self.sandbox = Sandbox(referential_integrity=False, clock=lambda: self.now)

    def put(self, *resources):
        """Write resources as they are now; after each a moment passes."""
        for resource in resources:
            self.now += timedelta(minutes=7)
            super().put(resource)

    def delete(self, kind, identifier):
        """Delete a resource; a moment passes."""
        self.now += timedelta(minutes=7)
        super().delete(kind, identifier)


class Hospital(Pulls):
    """A study beside a server: each `night` brings the store up to date."""

    def __init__(self, folder, server, shelf):
        super().__init__(folder, lambda: study_text(server.base, SOURCE, EARLIER, name="nights"))
        self.server, self.base, self.shelf = server, server.base, shelf

    def begin(self, folder):
        """Begin with an empty server and no stores."""
        self.folder = folder
        self.server.clear()

    def night(self, *overrides, name="nightly", **how):
        """One refresh of the store; gives the rows of its tables, without run ids."""
        self.server.now += timedelta(hours=6)
        self.server.requests.clear()
        return self.pull(name, overrides, **how)

    def first_night(self, name):
        """A first night of the same resources in each test: pulled once, then copied.

        `name` is the name of the resources on the shelf.
        """
        if (self.shelf / name).exists():
            self.server.now += timedelta(hours=6)
            shutil.copytree(self.shelf / name, self.folder, dirs_exist_ok=True)
        else:
            self.night()
            shutil.copytree(self.folder, self.shelf / name)

    def fresh(self, *overrides):
        """The rows of a store that pulls everything anew."""
        self.store("fresh").unlink(missing_ok=True)
        return self.night(*overrides, name="fresh")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Where the folders of first nights are kept for the tests that begin after one."""
    return tmp_path_factory.mktemp("first-nights")


@pytest.fixture
def hospital(tmp_path, httpserver, monkeypatch, shelf):
    server = Server(httpserver.url_for("/fhir")).serve_on(httpserver)
    # The HTTP server below writes the machine's own time into its answers.
    monkeypatch.setattr(Answer, "date", property(lambda _: server.now + server.gateway))
    monkeypatch.setattr(landing, "now", lambda: server.now + server.machine)
    folder = tmp_path / "hospital"
    folder.mkdir()
    return Hospital(folder, server, shelf)


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
def bulk(hospital, waited):  # noqa: ARG001 - nothing waits.
    """A server with two patients, of whom one has an index procedure, a tumour and two scores."""
    for one in (
        made.patient("p1"), made.patient("p2"), made.procedure("t1", "p1"),
        made.condition("c1", "p1"), made.score("s1", "p1"), made.score("s2", "p1", 3),
        made.score("other", "p1", code="1-1"),
    ):  # fmt: skip
        hospital.server.put(one)
    hospital.server.instead = Bulk(hospital.server, hospital.base)
    return hospital.server.instead


@pytest.fixture
def night(hospital):
    """A night by export."""
    return partial(hospital.night, "source.strategy=bulk")
