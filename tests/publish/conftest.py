"""A study that was run, a server to publish to, and a proxy in front that can be told to err."""

import pytest
import requests
from werkzeug import Request, Response

from abate import Estimate, Result
from abate.analysis.outcome import Outcome

# What a report has besides its statistics: three CodeSystems, Group, List, DiagnosticReport,
# Provenance.
AROUND = 7
KINDS = (
    "CodeSystem",
    "Group",
    "List",
    "Measure",
    "MeasureReport",
    "Observation",
    "DiagnosticReport",
    "Provenance",
)
HOP_BY_HOP = ("connection", "transfer-encoding", "content-encoding", "content-length", "host")


class Server:
    """What stands on a FHIR server."""

    def __init__(self, base):
        self.base = base

    def get(self, reference):
        return requests.get(f"{self.base}/{reference}", timeout=5)

    def put(self, resource):
        url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        answer = requests.put(url, json=resource, timeout=5)
        answer.raise_for_status()

    def delete(self, reference):
        requests.delete(f"{self.base}/{reference}", timeout=5).raise_for_status()

    def all(self, kind):
        """All resources of a type, by reference."""
        entries = self.get(f"{kind}?_count=1000").json().get("entry", [])
        return {f"{kind}/{one['resource']['id']}": one["resource"] for one in entries}

    def statistic(self, name):
        """The Observation of `analysis/statistic`."""
        [found] = [
            one
            for one in self.all("Observation").values()
            if f"cementoplasty-2010/{name}" in [i["value"] for i in one.get("identifier", ())]
        ]
        return found

    def listed(self):
        """What the DiagnosticReport lists."""
        [report] = self.all("DiagnosticReport").values()
        return [one["reference"] for one in report.get("result", ())]

    def ours(self):
        """All that abate has written, by reference."""
        found = {name: one for kind in KINDS for name, one in self.all(kind).items()}
        return {name: one for name, one in found.items() if "content-digest" in str(one)}


@pytest.fixture
def around():
    """How many resources a report has besides its statistics."""
    return AROUND


@pytest.fixture
def source(serve, study_resources):
    return Server(serve(study_resources))


@pytest.fixture
def study(source, study_file):
    """The published study with one short analysis, to be run on `source` and published there."""
    text = study_file.read_text("utf-8").replace("http://127.0.0.1:8080/fhir", source.base)
    start, end = text.index("[[analysis]]"), text.index("[report]")
    paired = '[[analysis]]\nuse = "paired-change"\nname = "week"\nendpoint = "Wk1"\n\n'
    study_file.write_text(text[:start] + paired + text[end:], "utf-8")
    return study_file


@pytest.fixture
def keep(results_of):
    """Keep results for a study file, as a run of it does."""
    return lambda path: results_of(path, week())


@pytest.fixture
def ran(study, keep):
    """The study file, with the results of a run beside it."""
    study.parent.joinpath("abate-output").mkdir()
    keep(study)
    return study


@pytest.fixture
def keep_analyses(results_of):
    """Keep results of analyses: names of their counts, a reason if not estimable, or an error."""

    def keep(path, error=None, **analyses):
        results_of(path, *(outcome_of(name, made, error) for name, made in analyses.items()))

    return keep


def outcome_of(name, made, error):
    """What came of an analysis: a count of 3 for each name, or why there is none."""
    result = None
    if isinstance(made, str):
        result = Result.not_estimable(made)
    elif made is not None:
        counted = {"n": 7, "unit": "{lesion}", "method": "count", "population": "pairs"}
        result = Result(estimates=[Estimate(name=one, value=3, **counted) for one in made])
    return Outcome(
        name=name,
        use="paired-change",
        plugin="abate_analyses",
        plugin_version="0.1.0",
        primary=False,
        parameters={},
        result=result,
        error=None if result else error,
    )


def week():
    """Four statistics: 6 falls, 1 rise, no tie, and P = 0.125."""
    counts = {"falls": 6, "rises": 1, "ties": 0}
    estimates = [
        Estimate(name=name, value=n, n=7, unit="{lesion}", method="count", population="pairs")
        for name, n in counts.items()
    ]
    test = Estimate(
        name="sign-test", value=6 / 7, n=7, p=0.125, method="sign test", population="pairs"
    )
    return Outcome(
        name="week",
        use="paired-change",
        plugin="abate_analyses",
        plugin_version="0.1.0",
        primary=True,
        parameters={},
        result=Result(estimates=[*estimates, test]),
    )


@pytest.fixture
def proxy(httpserver, serve):
    """A sandbox behind a proxy: gives the server and the URL; `answer(request, forward)` acts."""
    behind = Server(serve([]))

    def start(answer):
        def forward(request):
            headers = {k: v for k, v in request.headers if k.lower() not in HOP_BY_HOP}
            path = request.full_path.removeprefix("/fhir").rstrip("?")
            url = f"{behind.base}{path}"
            given = requests.request(
                request.method, url, data=request.get_data(), headers=headers, timeout=5
            )
            kept = {k: v for k, v in given.headers.items() if k.lower() not in HOP_BY_HOP}
            return Response(given.content, given.status_code, kept)

        def handle(request: Request) -> Response:
            return answer(request, forward)

        httpserver.expect_request(FHIR).respond_with_handler(handle)
        return behind, httpserver.url_for("/fhir")

    return start


class _Below:
    """Matches the base and all below it."""

    def __eq__(self, path):
        return path == "/fhir" or path.startswith("/fhir/")

    __hash__ = None


FHIR = _Below()
