"""Procedures are ranked by the pain scores around them, and `abate init` uses the best."""

import tomllib
from datetime import date, timedelta

import pytest

DAY = date(2024, 3, 1)


def on(day):
    return (DAY + timedelta(days=day)).isoformat()


def procedure(key, patient, code, day=0, **more):
    coding = {"system": "urn:ward", "code": code, "display": f"{code} (procedure)"}
    return {
        "resourceType": "Procedure", "id": key, "status": "completed", "code": {"coding": [coding]},
        "subject": {"reference": f"Patient/{patient}"}, "performedDateTime": on(day), **more,
    }  # fmt: skip


def score(key, patient, day, **more):
    return {
        "resourceType": "Observation", "id": key, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": on(day),
        "valueQuantity": {"value": 3, "code": "{score}", "system": "http://unitsofmeasure.org"},
        **more,
    }  # fmt: skip


@pytest.fixture
def hospital(serve):
    """Knees: 3 patients scored before and after. Eyes: 5 patients, scored only long before."""
    resources = []
    for patient in ("a", "b", "c"):
        resources += [
            {"resourceType": "Patient", "id": patient},
            procedure(f"knee-{patient}", patient, "knee"),
            score(f"{patient}-before", patient, -3),
            score(f"{patient}-autumn", patient, 290),
            score(f"{patient}-year", patient, 330),
        ]
    for patient in ("d", "e", "f", "g", "h"):
        resources += [
            {"resourceType": "Patient", "id": patient},
            procedure(f"eye-{patient}", patient, "eye", 900),
            score(f"{patient}-before", patient, 880),
        ]
    resources.append(procedure("not-done", "a", "not-done", status="not-done"))
    return serve(resources)


def test_the_ranking(abate, hospital):
    near = abate("check", hospital, "--json").json["nearby"]
    counts = [(one["code"], one["patients"], one["both"], one["before"]) for one in near]
    assert counts == [("knee", 3, 3, 3), ("eye", 5, 0, 5)]
    assert near[0]["days"] == {"-3": 3, "290": 3, "330": 3}


def test_check_prints_it_without_patients(abate, hospital):
    shown = abate("check", hospital).out
    assert "    3/3  urn:ward|knee\n           knee (procedure)" in shown
    assert "Patient/" not in shown


def test_init_uses_the_best_with_its_visits_and_marks_them(abate, hospital, tmp_path):
    path = tmp_path / "study.toml"
    ran = abate("init", hospital, "--to", path, "--json")
    assert (ran.exit_code, ran.json["index"], ran.json["to_fill"]) == (0, ["urn:ward|knee"], [])
    text = path.read_text("utf-8")
    assert '# "urn:ward|eye",  # eye (procedure), 5 patients, 0 with scores before' in text
    assert "3 patients, 3 with scores before and after, check" in text
    study = tomllib.loads(text)
    assert study["study"]["title"] == "Pain before and after knee"
    assert study["study"]["noun"] == {"one": "procedure", "many": "procedures"}
    assert study["index"]["repeat"] == "first-per-patient"
    assert list(study["visits"]) == ["baseline", "M12"]
    ran = abate("run", path)
    assert ran.exit_code == 0
    assert "3 procedures of 3 patients" in ran.out


def test_abates_own_statistics_are_no_codes_of_the_server(abate, hospital, tmp_path):
    path = tmp_path / "study.toml"
    abate("init", hospital, "--to", path)
    chosen = (path, "--set", "study.synthetic=true")
    assert abate("sync", *chosen).exit_code == 0
    sampled = abate("check", hospital, "--json").json["samples"]
    [observations] = [one for one in sampled if one["type"] == "Observation"]
    assert [code["code"] for code in observations["codes"]] == ["72514-3"]


def test_all_codes_are_listed_on_request(abate, serve, tmp_path):
    resources = [{"resourceType": "Patient", "id": "a"}]
    resources += [procedure(f"p{n}", "a", f"code-{n:02}") for n in range(12)]
    base = serve([*resources, score("s", "a", -1), score("t", "a", 7)])
    few, every = tmp_path / "few.toml", tmp_path / "every.toml"
    abate("init", base, "--to", few)
    abate("init", base, "--to", every, "--all-codes")
    assert "# 3 more: abate init --all-codes" in few.read_text("utf-8")
    text = every.read_text("utf-8")
    assert all(f"urn:ward|code-{n:02}" in text for n in range(12))


def test_a_long_code_stays_whole(abate, serve, tmp_path):
    code = "operation-" + "x" * 300
    patient = {"resourceType": "Patient", "id": "a"}
    base = serve([patient, procedure("p", "a", code), score("s", "a", -1), score("t", "a", 7)])
    assert f"urn:ward|{code}\n" in abate("check", base).out
    path = tmp_path / "study.toml"
    assert abate("init", base, "--to", path, "--json").json["index"] == [f"urn:ward|{code}"]


def test_try_takes_the_procedure_with_scores_where_those_of_the_lists_have_none(
    abate, serve, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    cement = procedure("cement", "z", "81.65")
    cement["code"]["coding"][0]["system"] = "http://hl7.org/fhir/sid/icd-9-cm"
    resources = [{"resourceType": "Patient", "id": "z"}, cement]
    for patient in ("a", "b"):
        resources += [{"resourceType": "Patient", "id": patient}]
        resources += [
            procedure(f"knee-{patient}", patient, "knee"),
            score(f"{patient}-1", patient, -1),
        ]
        resources += [score(f"{patient}-7", patient, 7)]
    base = serve(resources)
    ran = abate("try", base, "--json")
    assert ran.json["design"]["index"]["codes"] == ["urn:ward|knee"]
    assert abate("init", base, "--json").json["index"] == ["list:cementoplasty"]
