"""May we read: `abate check` searches each type and reads one of it, and tells what is shut."""

import json

import pytest
from werkzeug import Response

TYPES = ("Patient", "Procedure", "Observation")


def test_each_type_is_searched_and_read_by_its_id(front, rows):
    found = rows(front)
    assert {kind: found[f"read a{'n' * (kind[0] == 'O')} {kind}"]["found"] for kind in TYPES} == {
        "Patient": "yes",
        "Procedure": "yes",
        "Observation": "yes",
    }
    assert found["read a Condition"] == {
        "what": "read a Condition",
        "group": "read",
        "found": "not tried",
        "then": "the server has none",
    }
    assert ("GET", "Patient/pat") in front.requests


@pytest.mark.parametrize("status", [401, 403])
def test_a_read_that_is_shut_is_told_by_its_type_and_ends_nothing(front, rows, status):
    with front.only("GET", "Procedure/p0", Response("", status)):
        row = rows(front)["read a Procedure"]
    assert row["found"] == f"NO ({status})"
    assert "the login lacks the right to read" in row["then"]


def test_a_login_that_may_search_and_not_read_is_told_without_the_id(front, abate, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", "a-token")
    with front.only("GET", "Patient/pat", Response("", 401)):
        ran = abate("check", front.base, "--auth", "bearer", "--json", "--quiet")
    assert (ran.exit_code, ran.err) == (0, "")
    rows = {one["what"]: one["found"] for one in ran.json["probes"]}
    assert rows["read a Patient"] == "NO (401)"


@pytest.mark.parametrize("body", ["[]", "{", "<html>"])
def test_a_read_that_cannot_be_read_is_told(front, rows, body):
    answer = Response(body, content_type="application/fhir+json")
    with front.only("GET", "Observation/s0", answer):
        assert rows(front)["read an Observation"]["found"] == "NO"


def test_a_read_that_finds_something_else_is_told(front, rows):
    other = {"resourceType": "Observation", "id": "other"}
    answer = Response(json.dumps(other), content_type="application/fhir+json")
    with front.only("GET", "Observation/s0", answer):
        assert rows(front)["read an Observation"]["found"] == "NO"


@pytest.mark.parametrize("status", [401, 403])
def test_a_search_that_is_shut_is_told_with_all_else_and_ends_with_1(odd, abate, status):
    ran = abate("check", odd(status={"Procedure": status}).base, "--json")
    assert ran.exit_code == 1
    rows = {one["what"]: one["found"] for one in ran.json["probes"]}
    assert (rows["read a Procedure"], rows["read an Observation"]) == (f"NO ({status})", "yes")
    assert rows["Procedure by code"] == "NO"
    assert f"a pull may not read Procedure ({status})" in ran.err
    assert f"requires a login (it answered {status}), but none is set" in ran.err
    assert "for abate check, init and try: --auth" in ran.err


def test_a_study_file_is_not_written_where_a_type_is_shut(odd, abate, tmp_path):
    ran = abate("init", odd(status={"Observation": 403}).base, "--to", tmp_path / "study.toml")
    assert ran.exit_code == 1
    assert list(tmp_path.glob("*.toml")) == []


def test_an_open_statement_before_a_shut_server_is_seen_through(odd, abate):
    server = odd(status=dict.fromkeys(("Patient", "Procedure", "Observation", "Condition"), 401))
    ran = abate("check", server.base, "--json")
    assert ran.exit_code == 1
    assert ran.json["shut"].startswith("a pull may not read Patient (401), Procedure (401), Obs")
    assert ran.json["requests"] == len(server.requests) == 5
    assert ran.json["advice"]["missing"] == []


def test_conditions_that_are_shut_are_told_and_are_no_end(odd, rows):
    row = rows(odd(status={"Condition": 403}))["read a Condition"]
    assert (row["found"], "it is optional for a study" in row["then"]) == ("NO (403)", True)


def test_a_search_for_any_that_is_refused_is_not_held_against_the_server(odd, rows):
    row = rows(odd(status={"Patient": 400}))["read a Patient"]
    assert row["found"] == "not tried"
    assert "refused (400)" in row["then"]


def test_a_patient_that_others_name_is_read_where_patients_are_not_searched(front, rows):
    with front.only("GET", "Patient", Response("", 400)):
        assert rows(front)["read a Patient"]["found"] == "yes"


def test_the_id_that_was_read_is_not_told(front, abate):
    front.put({"resourceType": "Patient", "id": "CANARY-1"})
    front.put({"resourceType": "Observation", "id": "CANARY-2", "code": {"text": "x"}})
    with front.only("GET", ".*/CANARY.*", Response("", 500)):
        ran = abate("check", front.base, "--log", "json")
    assert ran.exit_code == 0
    assert "CANARY" not in ran.out + ran.err


def test_a_search_by_code_alone_that_is_shut_is_a_refusal_and_no_end(front, checked, search_of):
    def shut(request):
        return Response("", 403) if "code" in request.args else None

    with front.only("GET", "Procedure", shut):
        found = checked(front)
    assert search_of(found, "Procedure") == "refused"
    assert "403" in " ".join(found["advice"]["missing"])


def test_conditions_that_no_search_by_code_finds_are_told(front, checked, make):
    """A server may offer the search, and not index it."""
    front.put(make("Condition", "c1", "urn:s", "tumour"))

    def empty(request):
        if "code" not in request.args:
            return None
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0}
        return Response(json.dumps(bundle), content_type="application/fhir+json")

    with front.only("GET", "Condition", empty):
        found = checked(front)
    rows = {one["what"]: one for one in found["probes"]}
    row = rows["Condition by code"]
    assert row["found"] == "NO"
    assert "pulls those of its patients without a code" in row["then"]
    missing = " ".join(found["advice"]["missing"])
    assert "Condition: a code that exists is not found: a run pulls" in missing


def test_a_condition_shows_that_its_search_by_code_works(front, rows, make):
    front.put(make("Condition", "c1", "urn:s", "tumour"))
    assert rows(front)["Condition by code"]["found"] == "yes"


def test_without_any_condition_that_is_told_to_be_not_assessable(odd, rows):
    row = rows(odd(resources=[]))["Condition by code"]
    assert row["found"] == "not tried"
    assert "not assessable" in row["then"]
