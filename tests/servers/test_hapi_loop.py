"""The whole loop on a real server: load, run, publish, read back, validate, publish again."""

import pytest

from abate.demo import load_study_by_http
from abate.demo.figures import read_back
from abate.fhir.client import FhirServer
from abate.sandbox import Sandbox, running

pytestmark = pytest.mark.server

STUDY = "cementoplasty-2010"


@pytest.fixture(scope="module")
def loaded(hapi):
    """HAPI with the published study, loaded by its transaction."""
    load_study_by_http(hapi)
    return hapi


@pytest.fixture
def sync(abate, study_file):
    """Run and publish the study on a server: gives the printed changes.

    Each test has a store of its own, and so a study key of its own: it adopts what stands there.
    """
    text = study_file.read_text("utf-8")

    def on(base, more=""):
        there = f'url = "{base}"\n{more}\n'
        study_file.write_text(text.replace('url = "http://127.0.0.1:8080/fhir"', there), "utf-8")
        assert abate("run", study_file, "--quiet").exit_code == 0
        ran = abate("publish", study_file, "--adopt", "--json")
        assert ran.exit_code == 0, ran.err
        return ran.json

    return on


@pytest.fixture
def report(server, loaded, sync):
    """The resources of the report as they stand on HAPI, by reference."""
    return read_all(server, [change["reference"] for change in sync(loaded)["changes"]])


def read_all(server, references):
    answers = {name: server.get(name, headers={"Cache-Control": "no-cache"}) for name in references}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: answer.json() for name, answer in answers.items()}


def versions(resources):
    return {name: one["meta"]["versionId"] for name, one in resources.items()}


def figures_on(base):
    with FhirServer(base) as server:
        return read_back(server, STUDY)[1]


@pytest.mark.usefixtures("report")
def test_the_figures_read_back_are_those_of_the_sandbox(loaded, sync):
    with running(Sandbox()) as sandbox:
        load_study_by_http(sandbox)
        sync(sandbox)
        expected = figures_on(sandbox)
    assert figures_on(loaded) == expected
    assert expected["first-week/sign-test"].p == 0.039062


def test_the_validator_finds_no_error_in_what_was_written(server, report):
    errors = {}
    for name, resource in report.items():
        answer = server.validate(resource)
        issues = answer.json()["issue"]
        wrong = [one for one in issues if one["severity"] in ("error", "fatal")]
        if answer.status_code != 200 or wrong:
            errors[name] = wrong
    assert len(report) > 60
    assert errors == {}


def test_the_second_publication_moves_no_version(abate, server, report, study_file):
    again = abate("publish", study_file, "--json").json
    assert (again["create"], again["update"], again["unchanged"]) == (0, 0, len(report))
    assert versions(read_all(server, report)) == versions(report)


def test_a_second_run_moves_no_version(server, loaded, report, sync):
    again = sync(loaded)
    assert (again["create"], again["update"]) == (0, 0)
    assert versions(read_all(server, report)) == versions(report)


def test_the_transaction_sent_again_as_it_was_moves_no_version(server, report):
    entries = [server.entry(one) for one in report.values()]
    assert server.send(entries).status_code == 200
    assert versions(read_all(server, report)) == versions(report)


def test_a_dry_run_says_unchanged(abate, report, study_file):
    shown = abate("publish", study_file, "--dry-run", "--json").json
    assert (shown["create"], shown["update"], shown["unchanged"]) == (0, 0, len(report))


def test_a_changed_score_changes_its_figure_and_updates_only_what_follows(
    server, loaded, report, sync
):
    score = server.get("Observation/lesion-08-Wk1").json()
    score["valueQuantity"]["value"] = 1
    server.put(score).raise_for_status()
    try:
        changes = sync(loaded)["changes"]
        figures = figures_on(loaded)
        after = read_all(server, report)
    finally:
        load_study_by_http(loaded)
    # Lesion 8 from 2 to 1 in place of 2 to 4: all seven pairs are falls. 2 / 2^7.
    assert figures["observed-week-1/falls"].value == 7
    assert figures["observed-week-1/sign-test"].p == 0.015625
    updated = {one["reference"] for one in changes if one["action"] == "update"}
    moved = {name for name in report if versions(after)[name] != versions(report)[name]}
    assert moved == updated
    touched = {
        one["identifier"][0]["value"].removeprefix(f"{STUDY}/").partition("/")[::2]
        for name, one in after.items()
        if name in moved and name.startswith("Observation/")
    }
    analyses = {analysis for analysis, _ in touched}
    assert {"pain-course", "first-week", "observed-week-1"} <= analyses
    assert "profile" not in analyses
    # No other visit's numbers.
    course = [name for analysis, name in touched if analysis == "pain-course"]
    assert "median-Wk1" in course
    assert not [name for name in course if "Wk1" not in name]
    kinds = {name.partition("/")[0] for name in moved}
    assert {"Observation", "DiagnosticReport", "Provenance"} <= kinds
    assert not kinds & {"CodeSystem", "Group", "List", "Measure"}


def test_pages_of_five_are_followed_by_the_servers_own_links(abate, loaded, sync, study_file):
    whole = sync(loaded)
    by_fives = sync(loaded, more="page_size = 5")
    runs = abate("status", study_file, "--runs", "2", "--json").json["runs"]
    [scores] = [query for query in runs[0]["queries"] if query["query"] == "pain scores"]
    assert scores["received"] == 73
    assert scores["pages"] >= 73 / 5
    # How large the pages are is nothing that a figure depends on.
    assert (by_fives["create"], by_fives["update"], by_fives["retract"]) == (0, 0, 0)
    assert len(by_fives["changes"]) == len(whole["changes"])


@pytest.mark.usefixtures("report")
def test_a_statistic_that_the_study_no_longer_makes_is_retracted_and_may_come_back(
    server, loaded, sync
):
    for patient in [f"P{number:02}" for number in range(1, 13)]:
        resource = server.get(f"Patient/{patient}").json()
        server.put({**resource, "gender": "female"}).raise_for_status()
    try:
        changes = sync(loaded)["changes"]
        again = sync(loaded)
    finally:
        load_study_by_http(loaded)
    gone = {one["name"]: one["reference"] for one in changes if one["action"] == "retract"}
    assert not [name for name in gone if "male" not in name or "female" in name]
    retracted = gone["profile/sex-male"]
    standing = server.get(retracted).json()
    assert standing["status"] == "entered-in-error"
    answer = server.validate(standing).json()
    assert [issue for issue in answer["issue"] if issue["severity"] in ("error", "fatal")] == []
    assert (again["create"], again["update"], again["retract"]) == (0, 0, 0)
    back = {one["reference"]: one["action"] for one in sync(loaded)["changes"]}
    assert back[retracted] == "update"
    assert server.get(retracted).json()["status"] == "preliminary"


def test_the_report_of_a_study_on_a_real_server_may_go_to_a_sandbox(
    abate, loaded, study_file, server
):
    before = server.get("DiagnosticReport?_summary=count").json()["total"]
    text = study_file.read_text("utf-8").replace("http://127.0.0.1:8080/fhir", loaded)
    with running(Sandbox()) as sandbox:
        there = f'[target]\nurl = "{sandbox}"\n\n[codes]'
        study_file.write_text(text.replace("[codes]", there), "utf-8")
        changes = abate("sync", study_file, "--json").json
        again = abate("publish", study_file, "--json").json
        with FhirServer(sandbox) as target:
            texts = [str(target.get(one["reference"]).json()) for one in changes["changes"]]
    assert changes["create"] == again["unchanged"] == len(changes["changes"])
    assert not [text for text in texts if "Patient/" in text or "Procedure/" in text]
    assert server.get("DiagnosticReport?_summary=count").json()["total"] == before
