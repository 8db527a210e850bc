"""Exports of Bulk Data: what is begun, waited for, fetched and believed."""

import json

import pytest
from werkzeug import Response
from werkzeug.datastructures import MultiDict

import made
from abate.errors import IncompletePull, SourceError, StudyFileError
from abate.fhir.types import MAPPED_NAMES
from abate.http import clock
from abate.http.budget import BudgetSpent
from abate.source.bulk.job import in_fhir
from abate.source.bulk.manifest import File, Manifest
from abate.store.database import open_store

BULK = "source.strategy=bulk"
JOB = "/fhir/jobs/1"


def ids(rows, table):
    return [row[1] for row in rows[table]]


def test_an_export_brings_the_rows_of_a_search(hospital, bulk, night):
    rows = night()
    assert ids(rows, "patient") == ["p1"]
    assert ids(rows, "observation") == ["s1", "s2"]
    assert rows == hospital.fresh()
    assert bulk.asked[0][0] == "/fhir/Patient/$export"
    assert bulk.asked[0][1]["_type"] == ["Patient,Procedure,Condition,Observation"]
    assert bulk.deletes == 1


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        (["source.export=system"], "/fhir/$export"),
        (["source.export=patient"], "/fhir/Patient/$export"),
        (["source.export=Group/g"], "/fhir/Group/g/$export"),
        (['source.patients=["Group/g"]'], "/fhir/Group/g/$export"),
    ],
)
def test_what_is_exported_is_what_the_study_says(bulk, night, overrides, path):
    night(*overrides)
    assert bulk.asked[0][0] == path


@pytest.mark.parametrize(
    "overrides",
    [
        [BULK, 'source.patients=["p1"]'],
        [BULK, 'source.patients=["Group/g"]', "source.export=system"],
        [BULK, "source.export=Patient"],
        ["source.export=system"],
    ],
)
def test_settings_that_make_no_export_are_refused(hospital, overrides):
    with pytest.raises(StudyFileError):
        hospital.night(*overrides)


def test_codes_are_asked_for_by_type_and_encoded_once_more(bulk, night):
    night()
    assert bulk.asked[0][1]["_typeFilter"] == [
        "Procedure?code=urn%3As%7Ctreat%2Curn%3As%7Cearlier",
        "Observation?code=http%3A%2F%2Floinc.org%7C72514-3",
        "Condition?code=urn%3As%7Ctumour",
    ]


def test_a_filter_that_is_not_heeded_is_named_once_and_adds_no_row(hospital, bulk, night):
    bulk.ignores = ("_typeFilter",)
    rows = night()
    assert ids(rows, "observation") == ["s1", "s2"]
    [said] = [one for one in hospital.said if "does not honour" in one]
    assert said.startswith("warning: the export does not honour code in Observation: 1 resources")


def test_a_server_that_refuses_the_filter_exports_without_it(hospital, bulk, night):
    bulk.begins.insert(0, Response(status=400))
    rows = night()
    assert ids(rows, "observation") == ["s1", "s2"]
    assert ["_typeFilter" in asked for _, asked in bulk.asked] == [True, False]
    assert not [one for one in hospital.said if "heed" in one]


@pytest.mark.parametrize("status", [403, 404, 409, 422, 501])
def test_a_kick_off_that_is_not_taken_up_is_refused(bulk, night, status):
    bulk.begins = [Response(status=status, headers={"Content-Location": JOB})]
    words = rf"export answered {status} instead of 202: no export has started"
    with pytest.raises(SourceError, match=words):
        night()


@pytest.mark.parametrize("status", [200, 204, 408, 500, 502, 504, 507])
def test_a_kick_off_that_may_have_begun_an_export_is_sent_once(bulk, night, status):
    bulk.begins = [Response(status=status)]
    words = (
        rf"answered {status} instead of 202\. It is not known whether an export has started there"
    )
    with pytest.raises(SourceError, match=words) as caught:
        night()
    assert "ask the server's operator to cancel it, and run again" in str(caught.value)
    assert len(bulk.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_kick_off_to_a_busy_server_is_repeated_and_has_begun_nothing(bulk, night, status, waited):
    bulk.begins = [Response(status=status)]
    with pytest.raises(SourceError, match=rf"answered {status}.*no export has started.*busy"):
        night()
    assert len(bulk.asked) == 7
    assert len(waited) == 6


def test_a_kick_off_after_a_busy_answer_is_sent_once_more_only(bulk, night):
    bulk.begins = [Response(status=503), Response(status=500)]
    with pytest.raises(SourceError, match="It is not known"):
        night()
    assert len(bulk.asked) == 2


def test_a_kick_off_without_a_place_is_refused(bulk, night):
    bulk.begins = [Response(status=202)]
    words = "gives no status URL of its export: an export has started"
    with pytest.raises(SourceError, match=words):
        night()
    assert len(bulk.asked) == 1


def test_a_job_at_another_server_is_refused(bulk, night):
    elsewhere = {"Content-Location": "https://elsewhere.example.com/jobs/1"}
    bulk.begins = [Response(status=202, headers=elsewhere)]
    with pytest.raises(SourceError, match=r"elsewhere\.example\.com"):
        night()


@pytest.mark.parametrize("place", ["jobs/1", JOB])
def test_a_relative_place_of_a_job_is_followed(bulk, night, place):
    bulk.begins = [Response(status=202, headers={"Content-Location": place})]
    assert ids(night(), "procedure") == ["t1"]


def test_a_busy_server_is_asked_for_an_export_again(bulk, night, waited):
    bulk.begins.insert(0, Response(status=429, headers={"Retry-After": "7"}))
    bulk.begins.insert(0, Response(status=503, headers={"Retry-After": "9"}))
    night()
    assert waited == [9, 7]


def test_an_export_is_waited_for_as_long_as_the_server_asks_and_its_progress_is_said(
    hospital, bulk, night, waited
):
    bulk.polls = [
        Response(status=202, headers={"Retry-After": "11", "X-Progress": "50 % done"}),
        Response(status=202, headers={"Retry-After": "5000", "X-Progress": "<b>Zwitscher</b>"}),
        Response(status=202),
    ]
    night()
    assert waited[:2] == [11, 120]
    assert len(waited) == 3
    assert "the export is running (50 %): asking again in 11 s" in hospital.said
    assert "Zwitscher" not in " ".join(hospital.said)


@pytest.fixture
def passing(waited, monkeypatch):
    """Time goes by with the waits."""
    monkeypatch.setattr(clock, "now", lambda: float(sum(waited)))


@pytest.mark.usefixtures("passing")
@pytest.mark.parametrize(
    ("settings", "limit"),
    [((), "not set: there is no limit"), (("source.max_minutes=600",), "set to 600")],
)
def test_an_export_that_goes_on_is_said_each_half_hour_with_what_ends_it(
    hospital, bulk, night, settings, limit
):
    bulk.polls = [Response(status=202, headers={"Retry-After": "120"})] * 35
    night(*settings)
    told = [one for one in hospital.said if "max_minutes" in one]
    assert told == [
        f"warning: the export has not completed after {minutes} minutes. [source] max_minutes, "
        f"which ends a pull, is {limit}"
        for minutes in (30, 60)
    ]


def test_a_poll_that_sends_us_on_to_the_manifest_is_followed(bulk, night):
    def front(request):
        return bulk.complete() if request.path == "/fhir/result" else None

    bulk.front = front
    bulk.polls = [Response(status=303, headers={"Location": f"{bulk.base}/result"})]
    assert ids(night(), "procedure") == ["t1"]


def test_an_export_that_takes_too_long_ends_with_nothing_stored_and_is_taken_away(bulk, night):
    bulk.polls = [Response(status=202, headers={"Retry-After": "100"})] * 3
    with pytest.raises(BudgetSpent, match="max_minutes"):
        night("source.max_minutes=1")
    assert bulk.deletes == 1


@pytest.mark.parametrize("status", [404, 422])
def test_an_export_that_failed_is_told_by_its_codes(bulk, night, status):
    issue = [{"severity": "error", "code": "processing", "diagnostics": "Zwitscher"}]
    outcome = json.dumps({"resourceType": "OperationOutcome", "issue": issue})
    bulk.polls = [Response(outcome, status, content_type="application/fhir+json")]
    with pytest.raises(SourceError, match=rf"export has failed: .* {status} \(processing\)"):
        night()
    assert bulk.deletes == 1


@pytest.mark.parametrize("body", ["[]", "{}", '{"output": 7}', '{"output": [{}]}'])
def test_what_is_no_manifest_is_refused(bulk, night, body):
    bulk.polls = [Response(body, content_type="application/json")]
    with pytest.raises(SourceError, match="without an export manifest"):
        night()


def test_a_manifest_in_parts_is_refused(bulk, night):
    bulk.manifest = {"link": [{"relation": "next", "url": "more"}]}
    with pytest.raises(SourceError, match="in several parts"):
        night()


@pytest.mark.parametrize("key", ["error", "outcome"])
def test_an_error_beside_the_files_stops_the_run_and_is_told_by_code_and_number(bulk, night, key):
    def outcome(severity):
        issue = {"severity": severity, "code": "not-found", "diagnostics": "Zwitscher"}
        return {"resourceType": "OperationOutcome", "issue": [issue]}

    file = bulk.file("OperationOutcome", *map(outcome, ["error", "fatal", "warning"]))
    bulk.manifest = {key: [file]}
    with pytest.raises(IncompletePull, match=r"2 errors \(not-found\)") as caught:
        night()
    assert "Zwitscher" not in str(caught.value)
    assert bulk.deletes == 1


def test_warnings_beside_the_files_are_said(hospital, bulk, night):
    issue = [{"severity": "warning", "code": "not-supported"}]
    file = bulk.file("OperationOutcome", {"resourceType": "OperationOutcome", "issue": issue})
    bulk.manifest = {"error": [file]}
    night()
    assert "warning: the export reports 1 warnings (not-supported)" in hospital.said


def test_lines_count_where_the_manifest_counts_otherwise(hospital, bulk, night):
    extra = bulk.file("Observation2", made.score("s1", "p1"))
    bulk.more = [{**extra, "count": 3}]
    rows = night()
    assert ids(rows, "observation") == ["s1", "s2"]
    assert [
        one for one in hospital.said if "the manifest counts 3" in one and "has 1, which" in one
    ]


def test_mixed_types_headers_duplicates_and_blank_lines_do_no_harm(hospital, bulk, night):
    mixed = bulk.file(
        "mixed", {"resourceType": "Parameters"}, "", made.score("s1", "p1"), " ",
        made.score("s9", "p1"), made.score("s9", "p1"), made.procedure("t9", "p1"),
    )  # fmt: skip
    mixed["type"] = None
    bulk.more = [mixed]
    rows = night()
    assert ids(rows, "observation") == ["s1", "s2", "s9"]
    assert ids(rows, "procedure") == ["t1", "t9"]
    assert "excluded, of types that abate does not read: 1 Parameters" in hospital.said


@pytest.mark.parametrize(
    ("said", "url", "expected"),
    [
        (True, "https://storage.example.com/f", True),
        (False, "https://fhir.example.com/r4/f", False),
        (None, "https://fhir.example.com/r4/f", True),
        (None, "https://storage.example.com/f", False),
        ("yes", "f", True),
    ],
)
def test_the_login_goes_with_a_file_where_the_manifest_says_so(said, url, expected):
    manifest = Manifest(output=[], requiresAccessToken=said)
    assert manifest.is_authorised(File(url=url), "https://fhir.example.com/r4") is expected


def test_a_broken_line_is_rejected_by_its_file_and_number(bulk, night, hospital):
    mixed = bulk.file("Observation2", {"resourceType": "Parameters"}, "", "{cut")
    mixed["type"] = "Observation"
    bulk.more = [mixed]
    night()
    with open_store(hospital.study("nightly").output / "store.duckdb") as store:
        assert store.rows("select file, line, reason from rejected") == [
            ("export-00005-Observation.ndjson", 3, "malformed-line")
        ]


def test_a_server_that_takes_no_kick_off_by_get_is_asked_by_post(bulk, night):
    posted = []

    def front(request):
        if request.method == "POST":
            posted.append((request.path, request.content_type, request.json))
            bulk.files |= bulk.exported(MultiDict({"_type": ",".join(MAPPED_NAMES)}))
            return bulk.begins[0]
        return Response(status=405) if request.path.endswith("$export") else None

    bulk.front = front
    assert ids(night(), "observation") == ["s1", "s2"]
    [(path, kind, resource)] = posted
    assert (path, kind) == ("/fhir/Patient/$export", "application/fhir+json")
    assert resource["parameter"][0] == {
        "name": "_type", "valueString": "Patient,Procedure,Condition,Observation"
    }  # fmt: skip
    assert [one["name"] for one in resource["parameter"][1:]] == ["_typeFilter"] * 3


def test_the_moment_of_a_kick_off_by_post_is_an_instant():
    parameters = [("_type", "Patient"), ("_since", "2026-03-01T11:59:00.000Z")]
    assert json.loads(in_fhir(parameters))["parameter"] == [
        {"name": "_type", "valueString": "Patient"},
        {"name": "_since", "valueInstant": "2026-03-01T11:59:00.000Z"},
    ]
