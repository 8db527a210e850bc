"""A server that says that it withholds rows, and what the study file lets become of that."""

import json

import pytest
from werkzeug import Response

import made
from abate.cohort.assemble import inputs
from abate.errors import IncompletePull
from abate.store.database import open_store

ACCEPT = "source.withheld=accept"
EPIC = "urn:oid:1.2.840.114350.1.13.1.1.7.2.657369"


def outcome(severity="warning", code="suppressed", *, epic=""):
    details = {"text": "Zwitscher", "coding": [{"system": EPIC, "code": epic}] if epic else []}
    issue = {"severity": severity, "code": code, "details": details, "diagnostics": "Zwitscher"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@pytest.fixture
def ward(hospital):
    """One patient with an index procedure and a score; `says` stands beside the scores."""
    for one in (made.patient("p1"), made.procedure("t1", "p1"), made.score("s1", "p1")):
        hospital.server.put(one)
    hospital.says, hospital.beside = outcome(), "/fhir/Observation"

    def front(request):
        if hospital.says is None or request.path != hospital.beside:
            return None
        page = json.loads(Response.from_app(hospital.server.sandbox, request.environ).data)
        beside = {"resource": hospital.says, "search": {"mode": "outcome"}}
        page["entry"] = [beside, *page.get("entry", [])]
        return Response(json.dumps(page), content_type="application/fhir+json")

    hospital.server.instead = front
    return hospital


def stored(hospital):
    return (hospital.study("nightly").output / "store.duckdb").exists()


def withheld(hospital):
    with open_store(hospital.study("nightly").output / "store.duckdb") as store:
        return list(inputs(store, hospital.base).withheld)


WITHHELD = [
    (outcome("warning"), "suppressed"),
    (outcome("information"), "suppressed"),
    (outcome("error"), "suppressed"),
    (outcome("warning", "forbidden"), "forbidden"),
    (outcome("warning", "security"), "security"),
    (outcome("warning", "processing", epic="59204"), "59204"),
    (outcome("warning", "suppressed", epic="59204"), "59204"),
    (outcome("information", "processing", epic="4134"), "4134"),
]


@pytest.mark.parametrize(("says", "code"), WITHHELD)
def test_rows_that_the_server_withholds_stop_the_pull(ward, says, code):
    ward.says = says
    with pytest.raises(IncompletePull) as caught:
        ward.night()
    assert f"withholds rows of pain scores ({code})" in str(caught.value)
    assert '[source] withheld = "accept"' in str(caught.value)
    assert "Zwitscher" not in str(caught.value) + "".join(ward.said)
    assert caught.value.exit_code == 3
    assert not stored(ward)


@pytest.mark.parametrize(("says", "code"), WITHHELD)
def test_accepted_they_are_told_with_their_code(ward, says, code):
    ward.says = says
    assert len(ward.night(ACCEPT)["observation"]) == 1
    assert withheld(ward) == [code]
    words = f"warning: the server withholds rows ({code}): they are not in the results"
    assert [one for one in ward.said if one.startswith(words)]
    assert "Zwitscher" not in "".join(ward.said)


@pytest.mark.parametrize(
    "says",
    [
        outcome("warning", "value"),
        outcome("warning", "processing", epic="4119"),
        outcome("information", "informational"),
        outcome("warning", "not-found"),
    ],
)
def test_other_warnings_stop_nothing(ward, says):
    ward.says = says
    assert len(ward.night()["observation"]) == 1
    assert withheld(ward) == []


@pytest.mark.parametrize("code", ["incomplete", "timeout", "throttled", "too-costly"])
def test_an_answer_that_was_cut_short_is_incomplete_whatever_the_study_says(ward, code):
    ward.says = outcome("warning", code)
    with pytest.raises(IncompletePull, match=rf"pain scores is not complete \({code}\)"):
        ward.night(ACCEPT)
    assert not stored(ward)


@pytest.mark.parametrize("epic", ["4127", "4135"])
def test_so_is_one_by_epic_s_codes(ward, epic):
    ward.says = outcome("warning", "processing", epic=epic)
    with pytest.raises(IncompletePull, match=rf"not complete \({epic}\)"):
        ward.night(ACCEPT)


def test_it_is_told_each_night_until_a_whole_pull_no_longer_finds_it(ward):
    ward.night(ACCEPT)
    ward.says = None
    ward.night(ACCEPT)
    assert withheld(ward) == ["suppressed"]
    assert [one for one in ward.said if "withholds rows (suppressed)" in one]
    ward.night(ACCEPT, is_whole=True)
    assert withheld(ward) == []


def test_who_no_longer_accepts_it_pulls_everything_anew(ward):
    ward.night(ACCEPT)
    ward.says = None
    ward.night()
    assert withheld(ward) == []
    assert not [path for _, path in ward.server.requests if "_history" in path]


def test_a_history_that_is_not_whole_stops_the_night(ward):
    ward.says = None
    ward.night()
    ward.says, ward.beside = outcome(), "/fhir/Patient/_history"
    with pytest.raises(IncompletePull, match="withholds rows of history of Patient"):
        ward.night()


@pytest.mark.parametrize("severity", ["warning", "information", "error"])
@pytest.mark.parametrize("key", ["error", "outcome"])
def test_an_export_that_withholds_rows_stops_or_is_told(hospital, bulk, night, key, severity):
    bulk.manifest = {key: [bulk.file("OperationOutcome", outcome(severity))]}
    with pytest.raises(IncompletePull, match=r"withholds rows of the export \(suppressed\)"):
        night()
    assert not stored(hospital)
    night(ACCEPT)
    assert withheld(hospital) == ["suppressed"]


def test_so_does_one_that_says_it_among_its_rows(hospital, bulk, night):
    bulk.more = [bulk.file("Observation2", outcome())]
    with pytest.raises(IncompletePull, match="withholds rows"):
        night()
    night(ACCEPT)
    assert withheld(hospital) == ["suppressed"]


def test_a_member_who_is_withheld_is_no_missing_one_once_that_is_accepted(hospital, bulk, night):
    bulk.manifest = {"error": [bulk.file("OperationOutcome", outcome())]}
    bulk.members, bulk.listed = {"p1"}, [bulk.member("p1"), bulk.member("p2")]
    night(ACCEPT, "source.export=Group/g")
    assert "warning: 1 active members of Group/g were not exported" in hospital.said


def test_so_does_a_file(hospital):
    folder = hospital.folder / "nightly"
    folder.mkdir()
    rows = [made.patient("p1"), made.procedure("t1", "p1"), made.score("s1", "p1"), outcome()]
    (folder / "all.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in rows), "utf-8")
    files = ("source.strategy=files", 'source.files=["all.ndjson"]')
    with pytest.raises(IncompletePull, match=r"withholds rows of all\.ndjson \(suppressed\)"):
        hospital.night(*files)
    hospital.night(*files, ACCEPT)
    assert withheld(hospital) == ["suppressed"]
