"""A FHIR server that says what the test has written down for it, over real HTTP."""

import json
from collections import defaultdict

import pytest
from werkzeug import Response

from abate.codes import Code
from abate.landing import Landing
from abate.say import sentences
from abate.source.http import FhirServer
from abate.source.plan import Plan, Role
from abate.source.rest import RestSource

METADATA = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def answer(body, status=200, kind="application/fhir+json", **headers):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Response(text, status, headers, content_type=kind)


class Script:
    """What each type answers, page by page: a Bundle, its text, or a whole response."""

    def __init__(self, base):
        self.base = base
        self.metadata = answer(METADATA)
        self.pages = defaultdict(lambda: [self.bundle(total=0)])
        self.counts = {}
        self.requests = []

    def bundle(self, *resources, total=None, following=None):
        """A searchset; `following` is the next link, verbatim."""
        entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
        page = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if total is not None:
            page["total"] = total
        if following is not None:
            page["link"] = [{"relation": "next", "url": following}]
        return page

    def link(self, kind, number):
        """The URL that this server answers with page `number`."""
        return f"{self.base}/{kind}?page={number}"

    def __call__(self, request):
        url = request.environ["REQUEST_URI"]
        self.requests.append((request.method, url, request.form.to_dict()))
        kind = request.path.split("/")[2]
        if kind == "metadata":
            return self.metadata
        asked = request.form if request.method == "POST" else request.args
        if asked.get("_summary") == "count":
            return self._response(self.counts.get(kind, answer("no", 400)), request)
        pages = self.pages[kind]
        number = int(request.args.get("page", "1"))
        return self._response(pages[number - 1], request)

    def _response(self, page, request):
        if callable(page) and not isinstance(page, Response):
            page = page(request)
        return page if isinstance(page, Response) else answer(page)


def procedure(key="pr1", patient="p1"):
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Procedure", "id": key, "subject": subject}


def score(key, patient="p1"):
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": key, "subject": subject}


@pytest.fixture
def respond():
    return answer


@pytest.fixture
def resource():
    """A Procedure or an Observation of patient p1, by id."""
    return {"Procedure": procedure, "Observation": score}


@pytest.fixture
def script(httpserver):
    """One index procedure of patient p1, two scores on one page; a test changes what it needs."""
    script = Script(httpserver.url_for("/fhir"))
    script.pages["Procedure"] = [script.bundle(procedure(), total=1)]
    script.pages["Patient"] = [script.bundle({"resourceType": "Patient", "id": "p1"}, total=1)]
    script.pages["Observation"] = [script.bundle(score("s1"), score("s2"), total=2)]
    for path in ("metadata", "Procedure", "Patient", "Observation"):
        httpserver.expect_request(f"/fhir/{path}").respond_with_handler(script)
        httpserver.expect_request(f"/fhir/{path}/_search").respond_with_handler(script)
    return script


class Pulled:
    """What a pull landed, booked and said."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.ledger = None
        self.landed = {}

    def ids(self, kind):
        return [json.loads(line)["id"] for line in self.landed.get(kind, b"").splitlines()]


@pytest.fixture
def pull(script, tmp_path):
    """Pull index procedures and scores from the scripted server."""
    codes = {"index": "treat", "scores": "pain"}
    roles = tuple(
        Role(role=role, kind=role, code=Code(system="urn:s", code=code, name=code, source="here"))
        for role, code in codes.items()
    )

    def run(base=script.base):
        pulled = Pulled(tmp_path / "landing")
        with Landing(pulled.folder) as landing, FhirServer(base, timeout_seconds=5) as server:
            plan = Plan(roles=roles, page_size=2)
            pulled.ledger = RestSource(server).bring(plan, landing, sentences(pulled.said.append))
            landing.close()
            pulled.landed = {path.stem: path.read_bytes() for path in pulled.folder.iterdir()}
        return pulled

    return run
