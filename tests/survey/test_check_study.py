"""`abate check` on the sandbox with the published study; the counts are those of its Bundle."""

import json

import pytest

CANARIES = ("Canary", "CANARY")
NAMES_OF_PATIENTS = ("P01", "P12", "lesion-01")


@pytest.fixture
def base(serve, study_resources):
    return serve(study_resources)


@pytest.fixture
def found(abate, base):
    ran = abate("check", base, "--json")
    assert ran.exit_code == 0, ran.err
    return ran.json


def test_each_code_list_is_counted(found):
    assert {one["list"]: one["n"] for one in found["lists"]} == {
        "cementoplasty": 5,
        "bone-ablation": 3,
        "pain-intensity": 73,
        "bone-metastasis": 12,
        "primary-tumour": 10,
    }


def test_the_codes_that_find_something_are_told_one_by_one(found, list_of):
    [code] = list_of(found, "pain-intensity")["codes"]
    assert (code["system"], code["code"], code["n"]) == ("http://loinc.org", "38214-3", 73)
    tumours = {code["code"]: code["n"] for code in list_of(found, "primary-tumour")["codes"]}
    assert tumours["363358000"] == 4
    assert sum(tumours.values()) == 10


def test_the_servers_own_codes_are_found_in_the_sample(found):
    [sample] = [one for one in found["samples"] if one["type"] == "Procedure"]
    assert sample["whole"]
    seen = {one["code"]: (one["n"], one["list"]) for one in sample["codes"]}
    assert seen["pelvic-cementoplasty"] == (7, "")
    assert seen["81.65"] == (5, "cementoplasty")


def test_the_shapes_of_the_scores_are_told_without_their_values(found):
    [scores] = [one for one in found["written"] if one["type"] == "Observation"]
    shape = "valueQuantity in {score}, with a reference range"
    assert scores["values"] == [{"what": shape, "n": 73}]
    assert scores["times"] == [{"what": "effectiveDateTime, with an offset", "n": 73}]


def test_the_answer_says_what_to_write(found):
    assert '[index] codes = ["list:cementoplasty"]' in found["advice"]["write"]
    assert '[scores] codes = ["list:pain-intensity"]' in found["advice"]["write"]
    assert any("pelvic-cementoplasty" in line for line in found["advice"]["write"])
    assert found["advice"]["missing"] == []


def test_the_text_ends_with_what_it_cost_and_the_next_step(abate, base):
    shown = abate("check", base).out
    *_, cost, following = shown.splitlines()
    assert "requests" in cost
    assert "nothing was written" in cost
    assert following.endswith(f"abate init {base}")


def test_the_text_is_no_wider_than_a_terminal(abate, base, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = abate("check", base).out.splitlines()
    codes = ("http:", "https:", "urn:")  # A code is never broken.
    assert max(len(line) for line in shown if not any(code in line for code in codes)) <= 80


def test_progress_goes_to_stderr_and_can_be_stilled(abate, base):
    assert "FHIR 4.0.1" in abate("check", base).err
    assert abate("check", base, "--quiet").err == ""


@pytest.mark.parametrize("command", [["check"], ["check", "--json"], ["init", "--to", "a.toml"]])
def test_nothing_of_a_patient_is_shown_or_written(abate, base, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = abate(command[0], base, *command[1:])
    assert ran.exit_code == 0
    written = "".join(path.read_text("utf-8") for path in tmp_path.glob("*.toml"))
    for marker in (*CANARIES, *NAMES_OF_PATIENTS):
        assert marker not in ran.out + ran.err + written


def test_text_in_the_place_of_a_code_is_counted_and_not_shown(abate, serve):
    texts = [
        {"resourceType": "Procedure", "id": f"p{i}", "code": {"text": "CANARY vertebroplasty"}}
        for i in range(4)
    ]
    ran = abate("check", serve(texts))
    assert "4 have a text instead of a code; it is not shown" in ran.out
    assert "CANARY" not in ran.out + ran.err


def test_an_empty_server_is_told_as_such(abate, serve):
    ran = abate("check", serve([]), "--json")
    assert ran.exit_code == 0
    [index, scores] = [line for line in ran.json["advice"]["missing"] if line.startswith("no ")]
    assert "no index procedure" in index
    assert "no pain score" in scores
    assert ran.json["advice"]["can"] == [
        "take the report: transactions, and ids that the client chooses"
    ]


def test_the_json_is_one_document_of_plain_values(abate, base):
    ran = abate("check", base, "--json", "--quiet")
    assert json.loads(ran.out)["server"]["fhir_version"] == "4.0.1"
    assert ran.err == ""


def test_the_rows_stand_by_what_they_are_for(found):
    groups = [row["group"] for row in found["probes"]]
    assert groups == sorted(groups, key=("read", "pull", "report").index)
    assert set(groups) == {"read", "pull", "report"}
