"""`abate retract`: the whole report is taken back by status, and may be published again."""

import pytest
from werkzeug import Response

from abate.fhir.canonical import stable_id
from asked import is_transaction

RETRACTION = f"Provenance/{stable_id('cementoplasty-2010', 'retraction')}"
TAKEN_BACK = {
    "DiagnosticReport": ("status", "entered-in-error"),
    "Group": ("active", False),
    "List": ("status", "entered-in-error"),
    "Measure": ("status", "retired"),
    "MeasureReport": ("status", "error"),
    "Observation": ("status", "entered-in-error"),
}
STAYS = ("CodeSystem", "Provenance")


def versions(resources):
    return {name: one["meta"]["versionId"] for name, one in resources.items()}


def kind(reference):
    return reference.partition("/")[0]


def taken_back(resources):
    return {name: one for name, one in resources.items() if kind(name) not in STAYS}


@pytest.fixture
def published(abate, ran):
    assert abate("publish", ran).exit_code == 0
    return ran


def test_each_resource_says_that_it_is_taken_back(abate, published, source):
    before = taken_back(source.ours())
    shown = abate("retract", published, "--json").json
    assert (shown["retract"], shown["create"], shown["update"]) == (len(before), 1, 0)
    after = source.ours()
    for name in before:
        element, value = TAKEN_BACK[kind(name)]
        assert after[name][element] == value
        changing = (element, "meta", "extension")
        rest = [
            {k: v for k, v in one.items() if k not in changing}
            for one in (before[name], after[name])
        ]
        assert rest[0] == rest[1]


def test_code_systems_and_the_provenance_stay_and_another_tells_of_it(abate, published, source):
    before = source.ours()
    abate("retract", published)
    after = source.ours()
    assert after.keys() - before.keys() == {RETRACTION}
    for name in before:
        assert (after[name] == before[name]) is (kind(name) in STAYS)
    targets = {one["reference"] for one in after[RETRACTION]["target"]}
    assert targets == set(taken_back(before))
    assert after[RETRACTION]["meta"]["security"][0]["code"] == "HTEST"


def test_the_second_time_nothing_is_written(abate, published, source):
    abate("retract", published)
    before = source.ours()
    again = abate("retract", published)
    assert again.exit_code == 0
    assert again.out.splitlines() == [
        f"create 0, update 0, retract 0, unchanged {len(taken_back(before)) + 1}; nothing written"
    ]
    assert source.ours() == before


def test_a_dry_run_shows_it_and_writes_nothing(abate, published, source):
    before = source.ours()
    shown = abate("retract", published, "--dry-run").out.splitlines()
    falls = source.statistic("week/falls")["id"]
    assert f"retract  Observation/{falls} week/falls (status)" in shown
    assert shown[-1].endswith("; dry run, nothing written")
    assert source.ours() == before


def test_published_again_all_comes_back(abate, published, source):
    before = source.ours()
    abate("retract", published)
    back = abate("publish", published, "--json").json
    written = {one["reference"] for one in back["changes"] if one["action"] == "update"}
    provenance = [name for name in before if kind(name) == "Provenance"]
    assert written == {*taken_back(before), *provenance}
    after = source.ours()
    times = ("meta", "issued", "recorded", "date")
    for name in before:
        same = [
            {k: v for k, v in one.items() if k not in times} for one in (before[name], after[name])
        ]
        assert same[0] == same[1]
    again = abate("publish", published, "--json").json
    assert again["unchanged"] == len(before)


def test_what_was_brought_back_can_be_taken_back_again(abate, published, source):
    for command in ("retract", "publish", "retract"):
        assert abate(command, published).exit_code == 0
    after = source.ours()
    assert versions(taken_back(after)) == dict.fromkeys(taken_back(after), "4")
    assert after[RETRACTION]["meta"]["versionId"] in ("1", "2")


def test_it_needs_no_results(abate, published, source):
    (published.parent / "abate-output" / "results.json").unlink()
    assert abate("retract", published).exit_code == 0
    assert source.statistic("week/falls")["status"] == "entered-in-error"


@pytest.mark.parametrize("lost", ["Provenance", "DiagnosticReport"])
def test_one_of_the_two_ways_in_is_enough(abate, published, source, lost):
    [name] = source.all(lost)
    source.delete(name)
    assert abate("retract", published).exit_code == 0
    [group] = source.all("Group").values()
    assert group["active"] is False
    assert source.statistic("week/falls")["status"] == "entered-in-error"


def test_what_an_analysis_made_that_failed_since_is_taken_back_too(
    abate, ran, keep_analyses, source
):
    keep_analyses(ran, week=["falls"], day=["falls"])
    abate("publish", ran)
    keep_analyses(ran, error="ValueError in a.py, line 3", week=["falls"], day=None)
    abate("publish", ran)
    abate("retract", ran)
    assert source.statistic("day/falls")["status"] == "entered-in-error"


def test_what_has_lost_its_mark_or_is_another_studys_stays(abate, published, source):
    unmarked, other = source.statistic("week/falls"), source.statistic("week/rises")
    del unmarked["extension"]
    other["identifier"][0]["value"] = "another/week/rises"
    for one in (unmarked, other):
        source.put(one)
    before = source.all("Observation")
    abate("retract", published)
    after = source.all("Observation")
    for one in (unmarked, other):
        name = f"Observation/{one['id']}"
        assert after[name] == before[name]


def test_nothing_of_the_study_there_is_told(abate, ran, source):
    refused = abate("retract", ran)
    assert refused.exit_code == 5
    assert f"{source.base} has no resource of the study 'cementoplasty-2010'" in refused.err
    assert source.ours() == {}


def test_a_server_that_takes_no_transactions_is_told(abate, ran, keep, proxy):
    is_closed = []

    def answer(request, forward):
        given = forward(request)
        if request.path.endswith("/metadata") and is_closed:
            given.set_data(given.get_data().replace(b'"transaction"', b'"batch"'))
        return given

    behind, url = proxy(answer)
    text = ran.read_text("utf-8")
    ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
    keep(ran)
    assert abate("publish", ran).exit_code == 0
    before = behind.ours()
    is_closed.append(True)
    refused = abate("retract", ran)
    assert refused.exit_code == 5
    assert "does not offer transactions: nothing was retracted." in refused.err
    assert behind.ours() == before


def test_a_refused_transaction_takes_nothing_back(abate, ran, keep, proxy):
    is_closed = []

    def answer(request, forward):
        if is_transaction(request) and is_closed:
            return Response("no", 403)
        return forward(request)

    behind, url = proxy(answer)
    text = ran.read_text("utf-8")
    ran.write_text(text.replace("[codes]", f'[target]\nurl = "{url}"\n\n[codes]'), "utf-8")
    keep(ran)
    abate("publish", ran)
    before = behind.ours()
    is_closed.append(True)
    refused = abate("retract", ran)
    assert refused.exit_code == 5
    assert "refused the transaction: 403" in refused.err
    assert behind.ours() == before
