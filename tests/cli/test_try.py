"""`abate try`: from the URL of a server to a page, within its limits, and nothing published."""

import json
import re
from pathlib import Path

import pytest
from werkzeug import Response

from abate.cli.commands import try_server
from fronts import Front

FHIR = "application/fhir+json"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def study(serve, study_resources):
    return serve(study_resources)


def test_from_the_url_to_a_page(abate, study):
    ran = abate("try", study)
    assert ran.exit_code == 0
    page = Path("abate-try/abate-output/report.html").read_text("utf-8")
    assert "Sample of 11 patients: no result about medicine</h1>" in page
    assert "Report: abate-try/abate-output/report.html" in ran.out
    assert "For a real study, decide" in ran.out
    assert ran.out.splitlines()[-1].endswith(f"abate init {study}")
    assert Path("abate-try/study.toml").stat().st_mode & 0o077 == 0


def test_the_study_file_can_be_run_again_and_a_second_try_has_its_own_folder(abate, study):
    assert abate("try", study).exit_code == 0
    assert abate("try", study).exit_code == 0
    assert Path("abate-try-2/study.toml").exists()
    assert abate("run", "abate-try/study.toml").exit_code == 0


def test_json_for_programs(abate, study):
    ran = abate("try", study, "--json", "--patients", "3")
    assert ran.json["title"] == "Sample of 3 patients: no result about medicine"
    assert ran.json["run"]["command"] == "try"


@pytest.fixture
def front(httpserver, study_resources):
    front = Front(httpserver.url_for("/fhir")).serve_on(httpserver)
    front.put(*study_resources)
    return front


def test_the_limit_of_requests_holds_and_nothing_is_written(abate, front):
    assert abate("try", front.base, "--requests", "200").exit_code == 0
    assert len(front.requests) <= 200
    writing = [
        (method, path)
        for method, path in front.requests
        if method != "GET" and not (method == "POST" and path.endswith("/_search"))
    ]
    assert writing == []


def without_total(front, request):
    answer = front.answer(request)
    content = answer.get_json(silent=True) or {}
    if content.pop("total", None) is None:
        return answer
    return Response(json.dumps(content), answer.status_code, content_type=FHIR)


def one_patient_only(_, request):
    refused = "," in (request.form.get("patient") or "")
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    return Response(json.dumps(outcome), 400, content_type=FHIR) if refused else None


def test_a_pull_that_needs_more_requests_ends_in_a_sentence(abate, front, monkeypatch):
    monkeypatch.setattr(try_server, "SHARE_OF_SURVEY", 0.99)
    few = {"strategy": "patient", "max_requests": 4}
    monkeypatch.setattr(try_server, "sample_of", lambda ids, **_: {**few, "patients": ids})
    ran = abate("try", front.base)
    assert ran.exit_code == 3
    assert "max_requests" in ran.err.splitlines()[-1]


@pytest.mark.parametrize("oddity", [without_total, one_patient_only])
def test_an_odd_server_gives_a_page_within_the_limits(abate, front, oddity):
    front.instead = lambda request: oddity(front, request)
    ran = abate("try", front.base)
    assert ran.exit_code == 0, ran.err
    assert len(front.requests) <= 500
    assert Path("abate-try/abate-output/report.html").exists()


class TestNothingThere:
    def test_an_empty_server(self, abate, serve):
        ran = abate("try", serve([]))
        assert ran.exit_code == 1
        assert "no procedure with pain scores around it" in ran.err
        assert "abate demo" in ran.err
        assert not Path("abate-try").exists()

    def test_what_is_there_instead_is_shown(self, abate, serve, study_resources):
        others = [one for one in study_resources if one["resourceType"] != "Observation"]
        coding = {"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}
        pulse = {"resourceType": "Observation", "id": "o", "status": "final",
                 "code": {"coding": [coding]}, "subject": {"reference": "Patient/P01"}}  # fmt: skip
        ran = abate("try", serve([*others, pulse]))
        assert ran.exit_code == 1
        assert "http://loinc.org|8867-4  Heart rate" in ran.err
        assert len(ran.err.splitlines()) < 40


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (
            json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}),
            "uses FHIR 5.0.0, and abate needs R4",
        ),
        ("<html>login</html>", "/metadata"),
    ],
)
def test_a_server_of_another_kind_ends_in_a_sentence(abate, httpserver, metadata, words):
    httpserver.expect_request("/fhir/metadata").respond_with_data(metadata, content_type=FHIR)
    ran = abate("try", httpserver.url_for("/fhir"))
    assert ran.exit_code == 1
    assert words in ran.err
    assert len(ran.err.strip().splitlines()[-1]) < 600


def test_a_login_is_named_with_its_option(abate, httpserver):
    httpserver.expect_request("/fhir/metadata").respond_with_response(Response("", 401))
    ran = abate("try", httpserver.url_for("/fhir"))
    assert ran.exit_code == 1
    assert "requires a login (it answered 401)" in ran.err
    assert "for abate check, init and try: --auth" in ran.err


def test_a_server_with_hundreds_of_thousands_of_patients(abate, httpserver):
    """Each page of scores names other patients, and is followed by another one."""
    base, requests = httpserver.url_for("/fhir"), []

    def answer(request):
        requests.append(request.method)
        kind = request.path.split("/")[2]
        if kind == "metadata":
            return Response(json.dumps(STATEMENT), content_type=FHIR)
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": HUGE}
        people = (request.form.get("patient") or request.form.get("_id") or "").split(",")
        page = int(request.args.get("page", "0"))
        if people == [""]:
            people = [f"p{page * 200 + number}" for number in range(200)]
            following = f"{base}/{kind}?page={page + 1}"
            bundle["link"] = [{"relation": "next", "url": following}]
        resources = [one for person in people for one in of_person(kind, person)]
        if request.args.get("code", "").startswith("urn:"):  # A code that cannot exist.
            resources, bundle["total"] = [], 0
        if bundle.get("link") is None:
            bundle["total"] = len(resources)
        if request.args.get("_summary") != "count":
            bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in resources]
        return Response(json.dumps(bundle), content_type=FHIR)

    httpserver.expect_request(re.compile("/fhir/.*")).respond_with_handler(answer)
    ran = abate("try", base, "--json")
    assert ran.exit_code == 0, ran.err
    assert ran.json["title"] == "Sample of 200 patients: no result about medicine"
    assert len(requests) <= 500


HUGE = 300_000
KINDS = ("Patient", "Procedure", "Observation")
STATEMENT = {
    "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1",
    "rest": [{"mode": "server", "resource": [{"type": kind} for kind in KINDS]}],
}  # fmt: skip


def of_person(kind, person):
    """A knee, and a score the day before and a week after."""
    subject = {"subject": {"reference": f"Patient/{person}"}}
    if kind == "Patient":
        return [{"resourceType": kind, "id": person}]
    if kind == "Procedure":
        code = {"coding": [{"system": "urn:ward", "code": "knee"}]}
        return [{"resourceType": kind, "id": f"knee-{person}", "status": "completed", "code": code,
                 "performedDateTime": "2024-03-10", **subject}]  # fmt: skip
    if kind != "Observation":
        return []
    score = {"resourceType": kind, "status": "final", **subject,
             "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
             "valueQuantity": {"value": 3, "code": "{score}",
                               "system": "http://unitsofmeasure.org"}}  # fmt: skip
    days = {"before": "2024-03-09", "after": "2024-03-17"}
    return [{**score, "id": f"{person}-{name}", "effectiveDateTime": day}
            for name, day in days.items()]  # fmt: skip
