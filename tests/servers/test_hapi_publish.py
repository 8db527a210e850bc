"""A report with all its types on a real server, R4 and R5: published, retracted, published again.

The source is a sandbox, so that the target is another server each time.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import uuid

import pytest

from abate import Estimate, Measured, Result
from abate.analysis.outcome import Outcome
from abate.fhir.canonical import (
    MEASURE,
    NAMES_OF_0_1,
    ROOT,
    STUDY_KEY,
    SYSTEM,
    forms_of,
    stable_id,
)
from abate.fhir.client import FhirServer
from abate.http.failures import Unanswered
from abate.publish.existing import read_all_existing, read_existing
from abate.report.fhir.content_digest import mark

pytestmark = pytest.mark.server

TYPES = {
    "CodeSystem",
    "DiagnosticReport",
    "Group",
    "List",
    "Measure",
    "MeasureReport",
    "Observation",
    "Provenance",
}
STAYS = ("CodeSystem", "Provenance")
TAKEN_BACK = {
    "DiagnosticReport": ("status", "entered-in-error"),
    "Group": ("active", False),
    "List": ("status", "entered-in-error"),
    "Measure": ("status", "retired"),
    "MeasureReport": ("status", "error"),
    "Observation": ("status", "entered-in-error"),
}


def kind(reference):
    return reference.partition("/")[0]


def proportion(name, numerator, n, **more):
    return Estimate(
        name=name,
        value=numerator / n,
        n=n,
        method="proportion",
        population=f"pairs of {name}",
        statistic="proportion",
        counts={"numerator": numerator},
        **more,
    )


def response(**changed):
    """Pain fell by half at 6 of 9 lesions: at 2 of 4 with an adjunct, at 4 of 5 without."""
    counted = {"method": "count", "unit": "{lesion}", "statistic": "count"}
    treated = Estimate(name="treated", value=11, n=11, population="lesions treated", **counted)
    strata = {"adjunct": {"yes": "halved-adjunct", "no": "halved-alone"}}
    measured = Measured(
        estimate="halved",
        initial="treated",
        title="Pain fell by half",
        criteria={
            "initial-population": "lesions that were treated",
            "denominator": "lesions with a score before and after",
            "numerator": "the score fell by half or more",
        },
        strata=strata,
    )
    parts = [
        proportion("halved", 6, 9),
        proportion("halved-adjunct", 2, 4),
        proportion("halved-alone", 4, 5),
    ]
    made = {"estimates": [treated, *parts], "measures": [measured], **changed}
    return outcome("response", Result(**made))


def falls(count=6):
    counted = {"n": 9, "method": "count", "unit": "{lesion}", "population": "pairs"}
    return outcome("week", Result(estimates=[Estimate(name="falls", value=count, **counted)]))


def outcome(name, result):
    return Outcome(
        name=name,
        use="paired-change",
        plugin="abate_analyses",
        plugin_version="0.1.0",
        primary=True,
        parameters={},
        result=result,
        error=None if result else "ValueError in theirs.py, line 3",
    )


@pytest.fixture(params=["hapi", "hapi_r5"])
def target(request, client_of):
    """A client of each server that the report goes to."""
    return client_of(request.getfixturevalue(request.param))


@pytest.fixture
def study(study_file, target):
    """A study of its own id, to be published on the target."""
    text = study_file.read_text("utf-8").replace("cementoplasty-2010", f"study-{uuid.uuid4()}")
    there = f'[target]\nurl = "{target.base}"\n\n[codes]'
    study_file.write_text(text.replace("[codes]", there), "utf-8")
    study_file.parent.joinpath("abate-output").mkdir()
    return study_file


@pytest.fixture
def call(abate, study):
    """Call a command on the study: gives its JSON."""

    def on(command, *options):
        ran = abate(command, study, "--json", *options)
        assert ran.exit_code == 0, ran.err
        return ran.json

    return on


@pytest.fixture
def published(call, results_of, study, target):
    """The report as it stands on the target, by reference."""
    results_of(study, falls(), response())
    return read_all(target, [one["reference"] for one in call("publish")["changes"]])


def read_all(target, references):
    answers = {name: target.get(name, headers={"Cache-Control": "no-cache"}) for name in references}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: answer.json() for name, answer in answers.items()}


def versions(resources):
    return {name: int(one["meta"]["versionId"]) for name, one in resources.items()}


def errors(target, resources):
    """What the validator calls an error, of each resource that has any."""
    found = {}
    for name, resource in resources.items():
        answer = target.validate(resource)
        issues = answer.json()["issue"]
        wrong = [one for one in issues if one["severity"] in ("error", "fatal")]
        if answer.status_code != 200 or wrong:
            found[name] = wrong
    return found


def counts(changes):
    return tuple(changes[one] for one in ("create", "update", "retract", "unchanged"))


def test_all_types_are_written_and_the_validator_finds_no_error(published, target):
    assert {kind(name) for name in published} == TYPES
    assert errors(target, published) == {}


def test_what_stands_is_read_in_one_request(published, target):
    absent = f"List/{uuid.uuid4()}"
    with FhirServer(target.base) as server:
        found = read_all_existing(server, published)
        assert server.budget.requests == 1
        assert found == {name: read_existing(server, name) for name in published}
        assert read_all_existing(server, [*published, absent]) == {**found, absent: None}


@pytest.fixture
def cut(monkeypatch):
    """The connection to the target breaks when it has committed the first transaction."""
    transact, sent = FhirServer.transact, []

    def broken(server, bundle):
        answer = transact(server, bundle)
        sent.append(answer.status)
        if len(sent) == 1:
            raise Unanswered(f"{server.base} cannot be reached")
        return answer

    monkeypatch.setattr(FhirServer, "transact", broken)
    return sent


def test_a_connection_that_is_cut_after_the_commit_doubles_nothing(
    cut, call, results_of, study, target
):
    results_of(study, falls(), response())
    shown = call("publish")
    assert cut == [200]
    own = [one["reference"] for one in shown["changes"] if kind(one["reference"]) != "CodeSystem"]
    assert set(versions(read_all(target, own)).values()) == {1}
    assert shown["create"] >= len(own)
    assert counts(call("publish"))[:3] == (0, 0, 0)


def test_the_second_publication_moves_no_version(published, call, target):
    assert counts(call("publish")) == (0, 0, 0, len(published))
    assert versions(read_all(target, published)) == versions(published)


def test_retracted_each_is_valid_and_moved_by_one_version(published, call, target):
    taken = {name for name in published if kind(name) not in STAYS}
    assert counts(call("retract")) == (1, 0, len(taken), 0)
    after = read_all(target, published)
    for name in taken:
        element, value = TAKEN_BACK[kind(name)]
        assert after[name][element] == value
    moved = {name: versions(after)[name] - versions(published)[name] for name in published}
    assert moved == {name: int(name in taken) for name in published}
    assert errors(target, after) == {}
    assert counts(call("retract")) == (0, 0, 0, len(taken) + 1)
    assert versions(read_all(target, published)) == versions(after)


def test_the_retraction_has_a_provenance_that_the_validator_takes(published, call, target):
    rows = call("retract")["changes"]
    [name] = [one["reference"] for one in rows if one["action"] == "create"]
    made = read_all(target, [name])
    assert errors(target, made) == {}
    targets = {one["reference"] for one in made[name]["target"]}
    assert targets == {name for name in published if kind(name) not in STAYS}


def test_published_again_after_a_retraction_all_is_as_before(published, call, target):
    call("retract")
    back = call("publish")
    assert (back["create"], back["retract"]) == (0, 0)
    after = read_all(target, published)
    times = ("meta", "issued", "recorded", "date")
    for name in published:
        was, now = (
            {k: v for k, v in one.items() if k not in times}
            for one in (published[name], after[name])
        )
        assert now == was
    assert counts(call("publish")) == (0, 0, 0, len(published))


def as_of_0_1(resource):
    """What abate 0.1 would have written: the names of a host, and no study key."""
    text = json.dumps(resource)
    for name, old in NAMES_OF_0_1.items():
        text = re.sub(rf"{re.escape(name)}(?![.0-9])", old, text)
    measure = rf"{re.escape(MEASURE)}\.([0-9]+)"
    old_url = f"{NAMES_OF_0_1[MEASURE]}/"
    made = json.loads(re.sub(measure, lambda url: f"{old_url}{uuid.UUID(int=int(url[1]))}", text))
    if "identifier" in made:
        keys = NAMES_OF_0_1[STUDY_KEY]
        made["identifier"] = [one for one in made["identifier"] if one["system"] != keys]
    return mark(made)


def test_a_report_of_0_1_is_rewritten_in_place_once(published, call, target):
    for one in published.values():
        target.put(as_of_0_1(one)).raise_for_status()
    before = read_all(target, published)
    assert ROOT not in json.dumps(before)
    shown = call("publish", "--adopt")
    assert counts(shown) == (0, len(published), 0, 0)
    assert not [one for one in shown["changes"] if one["numbers"]]
    after = read_all(target, published)
    moved = {name: versions(after)[name] - versions(before)[name] for name in published}
    assert moved == dict.fromkeys(published, 1)
    assert not [name for name in NAMES_OF_0_1.values() if name in json.dumps(after)]
    assert errors(target, after) == {}
    assert counts(call("publish")) == (0, 0, 0, len(published))
    assert versions(read_all(target, published)) == versions(after)


@pytest.mark.parametrize("system", forms_of(SYSTEM), ids=["today's system", "that of 0.1"])
def test_a_report_under_an_id_that_the_server_chose_is_found_by_its_identifier(
    abate, results_of, study, target, system
):
    results_of(study, falls())
    settings = tomllib.loads(study.read_text("utf-8"))
    stray = {
        "resourceType": "DiagnosticReport",
        "id": f"stray-{uuid.uuid4()}"[:20],
        "identifier": [{"system": system, "value": f"{settings['study']['id']}/report"}],
        "status": "preliminary",
        "code": {"text": "pain outcomes"},
    }
    target.put(stray).raise_for_status()
    refused = abate("publish", study)
    assert refused.exit_code == 5
    assert f"has this report already as DiagnosticReport/{stray['id']}" in refused.err


@pytest.mark.usefixtures("published")
def test_a_measure_that_the_study_no_longer_has_is_retracted(call, target, results_of, study):
    results_of(study, falls(), response(measures=[]))
    changes = call("publish")
    gone = {one["reference"] for one in changes["changes"] if one["action"] == "retract"}
    assert {kind(name) for name in gone} == {"Measure", "MeasureReport"}
    after = read_all(target, gone)
    assert {(kind(name), one["status"]) for name, one in after.items()} == {
        ("Measure", "retired"),
        ("MeasureReport", "error"),
    }
    assert errors(target, after) == {}
    again = call("publish")
    assert counts(again) == (0, 0, 0, len(again["changes"]))


def test_a_measure_of_an_analysis_that_failed_stays(published, call, target, results_of, study):
    results_of(study, falls(), outcome("response", None))
    assert call("publish")["retract"] == 0
    kept = [name for name in published if kind(name) in ("Measure", "MeasureReport")]
    assert len(kept) == 2
    assert read_all(target, kept) == {name: published[name] for name in kept}
    again = call("publish")
    assert counts(again) == (0, 0, 0, len(again["changes"]))


@pytest.mark.usefixtures("published")
def test_a_changed_count_is_shown_and_updated(call, results_of, study):
    changed = [
        Estimate(
            name="treated",
            value=12,
            n=12,
            population="lesions treated",
            method="count",
            unit="{lesion}",
            statistic="count",
        ),
        proportion("halved", 7, 9),
        proportion("halved-adjunct", 3, 4),
        proportion("halved-alone", 4, 5),
    ]
    results_of(study, falls(), response(estimates=changed))
    shown = call("publish", "--dry-run")
    numbers = {one["name"]: one["numbers"] for one in shown["changes"]}
    assert {"name": "numerator", "old": 6, "new": 7} in numbers["response/halved/measure-report"]
    assert {"name": "initial-population", "old": 11, "new": 12} in numbers[
        "response/halved/measure-report"
    ]
    assert numbers["week/falls"] == []
    assert counts(call("publish")) == counts(shown)
    assert call("publish")["update"] == 0


@pytest.fixture
def at_once(study):
    """Call a command in two processes at once, each in a folder of its own, on the same study."""

    def call(command):
        folder = shutil.copytree(study.parent, study.parent.parent / "other")
        paths = (study, folder / study.name)
        code = "from abate.cli import main; main()"
        arguments = [sys.executable, "-c", code, command, "--json"]
        processes = [
            subprocess.Popen([*arguments, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for path in paths
        ]
        ended = [one.communicate(timeout=120) for one in processes]
        for one, (_, told) in zip(processes, ended, strict=True):
            assert one.returncode in (0, 5), told
            assert one.returncode == 0 or b"Somebody else" in told or b"gives back" in told
        assert 0 in [one.returncode for one in processes]
        return [json.loads(out) for out, _ in ended if out]

    return call


def test_two_processes_at_once_write_each_resource_once(at_once, call, results_of, study, target):
    results_of(study, falls(), response())
    call("publish", "--dry-run")  # Both have one study key: the store that is copied has made it.
    shown = at_once("publish")
    names = [one["reference"] for one in shown[0]["changes"]]
    written = read_all(target, names)
    own = {name: one for name, one in written.items() if kind(name) != "CodeSystem"}
    assert set(versions(own).values()) <= {1, 2}
    assert [one for one in call("publish")["changes"] if one["action"] != "unchanged"] == []
    assert versions(read_all(target, names)) == versions(written)
    [group] = [name for name in names if kind(name) == "Group"]
    found = target.get(f"Observation?subject={group}&_count=100").json()
    assert found["total"] == len([name for name in names if kind(name) == "Observation"])


def test_two_processes_that_retract_at_once_do_it_once(published, at_once, call, target):
    at_once("retract")
    after = read_all(target, published)
    moved = {name: versions(after)[name] - versions(published)[name] for name in published}
    assert moved == {name: int(kind(name) not in STAYS) for name in published}
    assert counts(call("retract"))[:3] == (0, 0, 0)


def test_the_way_in_is_the_same_on_each_server(published, study):
    text = study.read_text("utf-8")
    name = text.partition('id = "')[2].partition('"')[0]
    assert f"DiagnosticReport/{stable_id(name, 'report')}" in published
