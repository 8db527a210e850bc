"""A FHIR server that is odd in one way: it answers searches over a few resources, over HTTP.

And a front: the sandbox, with a test between it and who asks.
"""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from werkzeug import Response

from fronts import Front

FHIR = "application/fhir+json"
LOINC = "http://loinc.org"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
REPORT = ("Group", "List", "Measure", "MeasureReport", "DiagnosticReport", "Provenance")


def coded(kind, key, system, code, display="", **elements):
    """A resource with one coding."""
    coding = {"system": system, "code": code, "display": display}
    kept = {name: text for name, text in coding.items() if text}
    return {"resourceType": kind, "id": key, "code": {"coding": [kept]}, **elements}


def study():
    """Three index procedures, and five pain scores in millimetres."""
    procedures = [coded("Procedure", f"p{i}", ICD9, "81.65") for i in range(3)]
    unit = {"value": 55, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}
    scores = [
        coded(
            "Observation",
            f"s{i}",
            LOINC,
            "38214-3",
            valueQuantity=unit,
            effectiveDateTime="2026-01-02T10:00:00Z",
        )
        for i in range(5)
    ]
    return [*procedures, *scores]


@dataclass(kw_only=True)
class Odd:
    """How the server answers; a test changes what it needs."""

    resources: list = field(default_factory=study)
    fhir_version: str = "4.0.1"
    metadata: Response | None = None
    heeds_code: bool = True
    with_system: bool = True
    finds: bool = True
    totals: bool = True
    sorts: bool = True
    next_on: str = ""
    page_size: int = 1000
    filler: int = 0
    endless: bool = False
    status: dict = field(default_factory=dict)
    reads: dict = field(default_factory=dict)
    transaction: bool = True
    update_create: bool | None = True
    missing: tuple = ()
    requests: list = field(default_factory=list)
    base: str = ""

    def __call__(self, request):
        self.requests.append((request.method, request.environ["REQUEST_URI"]))
        kind, _, rest = request.path.removeprefix("/fhir/").partition("/")
        if rest and kind in ("Patient", "Procedure", "Observation", "Condition"):
            return self._one(kind, rest, request)
        if kind in (".well-known", "List"):
            return self._answer({"resourceType": "OperationOutcome"}, 404)
        if kind == "metadata":
            return self.metadata or self._answer(self._statement())
        if kind in self.status:
            return self._answer({"resourceType": "OperationOutcome"}, self.status[kind])
        if "_sort" in request.args and not self.sorts:
            return self._answer({"resourceType": "OperationOutcome"}, 400)
        return self._answer(self._bundle(kind, request.args))

    def _one(self, kind, rest, request):
        if rest == "_search":
            return self._answer(self._bundle(kind, request.form))
        found = [one for one in self.resources if (one["resourceType"], one["id"]) == (kind, rest)]
        status = self.reads.get(kind, 200 if found else 404)
        return self._answer(found[0] if status == 200 else {}, status)

    def _bundle(self, kind, asked):
        found = [one for one in self.resources if one["resourceType"] == kind]
        if "code" in asked and self.heeds_code:
            wanted = set(asked["code"].split(","))
            found = [one for one in found if wanted & set(self._tokens(one))]
        bundle = {"resourceType": "Bundle", "type": "searchset"}
        if self.totals:
            bundle["total"] = len(found)
        if asked.get("_summary") == "count":
            return bundle
        start = int(asked.get("start", "0"))
        end = start + min(self.page_size, int(asked.get("_count", self.page_size)))
        if end < len(found) or self.endless:
            query = "&".join([f"code={asked['code']}"] if "code" in asked else [])
            base = self.next_on or self.base
            url = f"{base}/{kind}?start={0 if self.endless else end}&_count={end - start}&{query}"
            bundle["link"] = [{"relation": "next", "url": url}]
        entries = found[start:end]
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in entries]
        bundle["filler"] = "x" * self.filler
        return bundle

    def _tokens(self, resource):
        for coding in resource["code"]["coding"] if self.finds else []:
            yield coding["code"]
            if self.with_system:
                yield f"{coding.get('system', '')}|{coding['code']}"

    def _statement(self):
        kinds = {"Patient", "Procedure", "Observation", "Condition", "CodeSystem", *REPORT}
        resource = [
            {"type": kind, "interaction": [{"code": "read"}, {"code": "search-type"}]}
            | ({} if self.update_create is None else {"updateCreate": self.update_create})
            for kind in sorted(kinds - set(self.missing))
        ]
        interaction = [{"code": "transaction"}] if self.transaction else []
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": self.fhir_version,
            "software": {"name": "odd"},
            "rest": [{"mode": "server", "resource": resource, "interaction": interaction}],
        }

    def _answer(self, content, status=200):
        return Response(json.dumps(content), status, content_type=FHIR)


@pytest.fixture
def odd(httpserver):
    """The odd server; `odd(heeds_code=False)` makes it odd, and gives it."""
    server = Odd(base=httpserver.url_for("/fhir"))
    one = {"now": server}

    def answer(request):
        return one["now"](request)

    httpserver.expect_request(re.compile("/fhir/.*")).respond_with_handler(answer)

    def change(**how):
        one["now"] = replace(server, **how)
        return one["now"]

    return change


class Asked(Front):
    """A front of which a test answers one kind of request."""

    def lacks(self, names):
        """Whether nothing is there under any of these."""
        return all(self.get(name).status_code in (404, 410) for name in names)

    @contextmanager
    def only(self, method, path, answer):
        """Answer requests of this method to paths that fit with `answer`, or what that makes."""

        def instead(request):
            if request.method == method and re.fullmatch(f"/fhir/?{path}", request.path):
                return answer if isinstance(answer, Response) else answer(request)
            return None

        before, self.instead = self.instead, instead
        yield self
        self.instead = before


@pytest.fixture
def front(httpserver):
    """The sandbox behind a front, with a study of three patients' resources."""
    front = Asked(httpserver.url_for("/fhir")).serve_on(httpserver)
    front.put({"resourceType": "Patient", "id": "pat"})
    subject = {"subject": {"reference": "Patient/pat"}, "status": "final"}
    front.put(*[resource | subject for resource in study()])
    return front


@pytest.fixture
def rows(checked):
    """What is found at a server, by the name of its row; and what abate does about it."""

    def read(server, *options):
        return {one["what"]: one for one in checked(server, *options)["probes"]}

    return read


@pytest.fixture
def checked(abate):
    """What `abate check --json` finds at a server."""

    def check(server, *options):
        ran = abate("check", server.base, "--json", "--quiet", *options)
        assert (ran.exit_code, ran.err) == (0, "")
        return ran.json

    return check


@pytest.fixture
def make():
    """A resource with one coding: `make("Procedure", "p1", system, code, display)`."""
    return coded


@pytest.fixture
def search_of():
    """How a type can be searched by code: its state."""

    def read(found, kind):
        return next(one["state"] for one in found["searches"] if one["type"] == kind)

    return read


@pytest.fixture
def list_of():
    """What a code list finds."""

    def read(found, name):
        return next(one for one in found["lists"] if one["list"] == name)

    return read
