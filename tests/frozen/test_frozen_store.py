"""Today's commands on the store of 0.1."""

import json

import pytest
import requests

IDS = "select type, id, state from resource order by all"


@pytest.fixture
def stored(frozen):
    frozen.serve("source.json")
    frozen.lay_store()
    return frozen


def found_by(ran):
    return {
        f"{outcome['name']}/{one['name']}": (one["value"], one.get("p"), one["n"])
        for outcome in ran.json["outcomes"]
        for one in outcome["result"]["estimates"]
    }


def test_a_run_on_it_finds_what_was_found_then(stored, then):
    before = stored.rows(IDS)
    ran = stored("run", "--json")
    assert ran.exit_code == 0, ran.err
    now = found_by(ran)
    assert now["first-week/sign-test"] == pytest.approx((8 / 9, 0.0390625, 9))
    # 0.1 also showed the sum of all changes, which shows a patient's change beside another sum.
    sums = {name for name in then if "patient-sign-flips" in name}
    assert {now[name][0] for name in sums} == {None}
    assert {name: now[name] for name in then.keys() - sums} == {
        name: pytest.approx(then[name], abs=1e-6) for name in then.keys() - sums
    }
    for name in sums:
        assert now[name][1:] == pytest.approx(then[name][1:], abs=1e-6)
    assert len(before) == 12 + 26 + 13 + 73
    assert stored.rows(IDS) == before


def test_what_changed_on_the_server_since_is_found(stored):
    score = requests.get(f"{stored.base}/Observation/lesion-01-Wk1", timeout=5).json()
    del score["meta"]
    score["valueQuantity"]["value"] = 9
    requests.put(f"{stored.base}/Observation/{score['id']}", json=score, timeout=5)
    requests.delete(f"{stored.base}/Observation/lesion-10-Wk1", timeout=5)
    assert stored("run").exit_code == 0
    kept = dict(stored.rows("select id, value from observation where id like 'lesion-%-Wk1'"))
    assert kept["lesion-01-Wk1"] == 9
    assert "lesion-10-Wk1" not in kept


def test_it_can_be_compared_with_the_server(stored):
    ran = stored("reconcile")
    assert ran.exit_code == 0, ran.err
    assert len(stored.rows(IDS)) == 12 + 26 + 13 + 73


def test_a_night_on_it_computes_and_publishes(stored):
    ran = stored.insist("sync")
    assert ran.exit_code == 0, ran.err
    assert len([one for one in stored.valid() if one["resourceType"] == "DiagnosticReport"]) == 1


def test_its_executions_are_shown(stored, frozen_file):
    for name in ("status.json", "runs.jsonl"):
        (stored.output / name).write_bytes(frozen_file(name))
    ran = stored("status", "--json")
    assert ran.exit_code == 0, ran.err
    assert ran.json["command"] == "publish"
    runs = stored("status", "--runs")
    assert runs.exit_code == 0, runs.err
    started = [json.loads(line)["started_at"] for line in frozen_file("runs.jsonl").splitlines()]
    assert len(started) == 2
    for moment in started:
        assert moment[:19].replace("T", " ") in runs.out
