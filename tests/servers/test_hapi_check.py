"""`abate check` and `abate init` on a real server, that searches as it ships."""

import pytest

from abate.demo import load_study_by_http

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def base(hapi_defaults):
    """HAPI as it ships, with the published study beside what other tests have written."""
    load_study_by_http(hapi_defaults)
    return hapi_defaults


@pytest.fixture
def found(abate, base):
    ran = abate("check", base, "--json", "--quiet")
    assert (ran.exit_code, ran.err) == (0, "")
    return ran.json


@pytest.fixture(params=["hapi", "hapi_defaults"])
def either(request):
    """HAPI as it is set for the tests, and as it ships; with the published study."""
    base = request.getfixturevalue(request.param)
    load_study_by_http(base)
    return base


@pytest.fixture
def holding(client_of):
    """How many resources of each type a server holds."""

    def count(base):
        client = client_of(base)
        kinds = [one["type"] for one in client.get("metadata").json()["rest"][0]["resource"]]
        fresh = {"Cache-Control": "no-cache"}
        answers = {kind: client.get(f"{kind}?_summary=count", headers=fresh) for kind in kinds}
        return {kind: one.json()["total"] for kind, one in answers.items() if one.ok}

    return count


@pytest.fixture
def rows(abate):
    """What is found, by the name of its row."""

    def read(base, *options):
        ran = abate("check", base, "--json", "--quiet", *options)
        assert (ran.exit_code, ran.err) == (0, "")
        return {one["what"]: one["found"] for one in ran.json["probes"]}

    return read


READ_ONLY = {
    "read a Patient": "yes",
    "read a Procedure": "yes",
    "read an Observation": "yes",
    "read a Condition": "yes",
    "Procedure by code": "yes",
    "Observation by code": "yes",
    "Condition by code": "yes",
    "scores without a category": "yes",
    "counts": "yes",
    "next pages": "yes",
    "large pages": "NO",
    "search by POST": "yes",
    "search by patient": "yes",
    "_lastUpdated": "yes",
    "history of Patients": "says yes",
    "SMART login": "says no",
    "types of a report": "says yes",
    "conditional update": "says yes",
    "$validate": "yes",
}


def test_what_it_can_do_is_told_and_nothing_is_left_there(either, rows, holding):
    before = holding(either)
    assert before["Patient"] >= 10
    assert rows(either) == READ_ONLY | {
        "bulk export": "says yes",
        "ids of our own": "not said",
        "transaction": "says yes",
        "the same twice": "not tried",
        "If-Match": "says yes",
        "all or nothing": "not tried",
    }
    assert holding(either) == before


def test_what_a_report_needs_is_tried_and_nothing_is_left_there(either, rows, holding):
    before = holding(either)
    tried = ("transaction", "the same twice", "If-Match", "all or nothing", "gone again")
    for _ in range(2):
        assert rows(either, "--write") == READ_ONLY | dict.fromkeys(
            ("bulk export", "ids of our own", *tried), "yes"
        )
    assert holding(either) == before


def test_how_long_a_first_pull_takes_is_told_as_a_magnitude(found):
    estimate = found["estimate"]
    assert estimate["strategy"] == "population"
    assert estimate["magnitude"] in ("seconds", "minutes")
    assert estimate["seconds_a_request"] > 0


def test_search_by_code_is_seen_to_work(found):
    assert {one["type"]: one["state"] for one in found["searches"]} == {
        "Procedure": "works",
        "Observation": "works",
        "Condition": "works",
    }


def test_the_studys_codes_are_counted(found):
    counts = {one["list"]: one["n"] for one in found["lists"]}
    assert counts["cementoplasty"] >= 5
    assert counts["bone-ablation"] >= 3
    assert counts["pain-intensity"] >= 73
    assert counts["primary-tumour"] >= 10


def test_the_newest_are_sampled_first_with_their_codes(found):
    assert [one["newest_first"] for one in found["samples"]] == [True, True]
    codes = {one["code"]: one["list"] for sample in found["samples"] for one in sample["codes"]}
    assert codes["pelvic-cementoplasty"] == ""
    assert codes["38214-3"] == "pain-intensity"


def test_it_can_take_a_report(found):
    assert found["advice"]["missing"] == []
    assert len(found["advice"]["can"]) == 2


def test_it_costs_less_than_its_limit(found):
    assert found["stopped"] == ""
    assert found["requests"] < 100


def test_the_study_that_init_writes_runs(abate, base, tmp_path):
    path = tmp_path / "study.toml"
    assert abate("init", base, "--to", path, "--quiet").exit_code == 0
    ran = abate("run", path, "--json", "--quiet")
    assert ran.exit_code == 0, ran.err
    assert ran.json["lesions"] >= 11


def test_an_r5_server_is_told_as_such(abate, hapi_r5):
    ran = abate("check", hapi_r5)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "uses FHIR 5.0.0, and abate needs R4" in ran.err
