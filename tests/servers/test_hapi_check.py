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
    assert "speaks FHIR 5.0.0, and abate needs R4" in ran.err
