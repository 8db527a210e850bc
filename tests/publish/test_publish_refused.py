"""Publish refused: by the rules, by the target, by what came back."""

import json
from dataclasses import replace

import pytest
import requests
from werkzeug import Response

from abate.analysis.loader import load
from abate.analysis.results import load as load_results
from abate.config.reader import read
from abate.errors import PublishRefused
from abate.fhir.client import FhirServer
from abate.http.urls import is_loopback
from abate.publish import compare
from abate.publish.study_key import owner_of
from abate.publish.target import target_of
from abate.report.fhir import bundle
from asked import is_batch, is_read, is_transaction

BUNDLE = "abate-output/bundle.json"


def set_in(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def aim(ran, keep):
    """Let the report go to a URL, with results of the study file as it is then."""

    def at(url):
        set_in(ran, "[codes]", f'[target]\nurl = "{url}"\n\n[codes]')
        keep(ran)

    return at


class TestRules:
    def test_results_of_an_older_study_file(self, abate, ran, source):
        set_in(ran, "within_hours = 24", "within_hours = 25")
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert "has changed since the run. Run the study again: abate run" in refused.err
        assert source.ours() == {}

    def test_results_of_another_set_of_the_command_line(self, abate, ran):
        refused = abate("publish", ran, "--set", "scores.per_visit=worst")
        assert refused.exit_code == 5
        assert "a --set of the command line" in refused.err

    @pytest.mark.parametrize("url", ["http://fhir.example.org/r4", "http://10.0.0.7/fhir"])
    def test_real_patients_to_a_server_that_anybody_may_read(self, abate, ran, aim, url):
        set_in(ran, "synthetic = true", "synthetic = false")
        aim(url)
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert f"{url} is not on this machine and needs no login" in refused.err
        assert "[study] synthetic = true" in refused.err

    @pytest.mark.parametrize("table", ["source", "target"])
    def test_real_patients_may_go_where_a_login_is_asked_for(self, ran, aim, table):
        set_in(ran, "synthetic = true", "synthetic = false")
        if table == "target":
            aim("https://fhir.example.org/r4")
        set_in(ran, "[codes]", f'[{table}.auth]\nkind = "bearer"\n\n[codes]')
        study_file = read(ran, ["source.url=https://fhir.example.org/r4"])
        found = load_results(study_file.output)
        compare.refuse(study_file, replace(found, study_digest=study_file.digest))

    def test_a_login_of_the_source_is_none_of_the_target(self, abate, ran, aim, keep):
        set_in(ran, "synthetic = true", "synthetic = false")
        aim("https://fhir.example.org/r4")
        set_in(ran, "[target]", '[source.auth]\nkind = "bearer"\n\n[target]')
        keep(ran)
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert "needs no login" in refused.err

    def test_real_patients_to_this_machine_are_not_refused(self, abate, ran, keep):
        set_in(ran, "synthetic = true", "synthetic = false")
        keep(ran)
        assert abate("publish", ran).exit_code == 0

    @pytest.mark.parametrize(
        ("url", "is_here"),
        [
            ("http://127.0.0.1:8080/fhir", True),
            ("http://[::1]/fhir", True),
            ("http://localhost/fhir", True),
            ("http://localhost.example.org/fhir", False),
            ("http://192.168.0.1/fhir", False),
            ("https://hapi.example.org/127.0.0.1", False),
        ],
    )
    def test_loopback_is_told_from_the_rest(self, url, is_here):
        assert is_loopback(url) is is_here

    def test_nothing_was_run_yet(self, abate, study_file):
        refused = abate("publish", study_file)
        assert refused.exit_code == 1
        assert "run the study first: abate run" in refused.err

    def test_results_of_another_version_of_abate(self, abate, ran):
        path = ran.parent / "abate-output" / "results.json"
        content = json.loads(path.read_text())
        path.write_text(json.dumps({**content, "format": 99}))
        refused = abate("publish", ran)
        assert refused.exit_code == 1
        assert "was written by another version of abate: run the study again" in refused.err


class TestTarget:
    def test_a_writer_in_between_makes_it_compare_again(self, abate, ran, aim, proxy, around):
        tries = []

        def answer(request, forward):
            if is_transaction(request) and "ifMatch" in request.get_data(as_text=True):
                tries.append(len(tries))
                if len(tries) == 1:
                    falls = behind.statistic("week/falls")
                    behind.put({**falls, "valueQuantity": {"value": 55}})
            return forward(request)

        behind, url = proxy(answer)
        aim(url)
        assert abate("publish", ran).exit_code == 0
        for name in ("week/falls", "week/rises"):
            behind.put({**behind.statistic(name), "valueQuantity": {"value": 44}})
        shown = abate("publish", ran, "--json").json
        assert (shown["update"], shown["unchanged"]) == (2, 2 + around)
        assert len(tries) == 2
        olds = {one["name"]: one["numbers"] for one in shown["changes"] if one["numbers"]}
        assert olds["week/falls"] == [{"name": "value", "old": 55, "new": 6}]
        assert behind.statistic("week/rises")["valueQuantity"]["value"] == 1

    def test_a_writer_in_between_each_time_is_told_and_nothing_is_written(
        self, abate, ran, aim, proxy
    ):
        tries = []

        def answer(request, forward):
            if is_transaction(request) and "ifMatch" in request.get_data(as_text=True):
                tries.append(len(tries))
                falls = behind.statistic("week/falls")
                behind.put({**falls, "valueQuantity": {"value": 55 + len(tries)}})
                before.update(behind.ours())
            return forward(request)

        behind, url = proxy(answer)
        before = {}
        aim(url)
        assert abate("publish", ran).exit_code == 0
        for name in ("week/falls", "week/rises"):
            behind.put({**behind.statistic(name), "valueQuantity": {"value": 44}})
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert (
            "Another client wrote to the same resources, 3 times: try again later." in refused.err
        )
        assert len(tries) == 3
        assert behind.ours() == before
        assert behind.statistic("week/rises")["valueQuantity"]["value"] == 44

    def test_a_refused_transaction_leaves_the_bundle_here(self, abate, ran, aim, proxy, around):
        issue = {"severity": "error", "code": "business-rule", "diagnostics": "CANARY-4711"}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}

        def answer(request, forward):
            if is_transaction(request):
                return Response(json.dumps(outcome), 422, content_type="application/fhir+json")
            return forward(request)

        behind, url = proxy(answer)
        aim(url)
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert "refused the transaction: 422 (business-rule). Nothing was written" in refused.err
        assert str(ran.parent / BUNDLE) in refused.err
        assert "CANARY" not in refused.err
        assert len(json.loads((ran.parent / BUNDLE).read_text())["entry"]) == 4 + around
        assert behind.ours() == {}

    def test_the_kept_bundle_can_be_sent_later(self, abate, ran, aim, proxy, around):
        is_open = []

        def answer(request, forward):
            if is_transaction(request) and not is_open:
                return Response("no", 503)
            return forward(request)

        behind, url = proxy(answer)
        aim(url)
        assert abate("publish", ran).exit_code == 5
        kept = (ran.parent / BUNDLE).read_bytes()
        headers = {"Content-Type": "application/fhir+json"}
        requests.post(behind.base, data=kept, headers=headers, timeout=5).raise_for_status()
        is_open.append(True)
        again = abate("publish", ran, "--json").json
        assert (again["create"], again["update"], again["unchanged"]) == (0, 0, 4 + around)

    @pytest.mark.parametrize(
        "lack",
        [
            (
                lambda rest: rest.update(interaction=[]),
                "does not offer transactions: nothing was written",
            ),
            (
                lambda rest: rest.update(
                    resource=[one for one in rest["resource"] if one["type"] != "Provenance"]
                ),
                "does not take Provenance: nothing was written",
            ),
            (
                lambda rest: [one.update(updateCreate=False) for one in rest["resource"]],
                "does not let a client choose the id of DiagnosticReport, Group, List, ",
            ),
        ],
        ids=["without transactions", "without a type", "without ids of the client's choice"],
    )
    def test_a_server_that_cannot_take_a_report(self, abate, ran, aim, proxy, lack):
        take_away, said = lack

        def answer(request, forward):
            given = forward(request)
            if request.path.endswith("/metadata"):
                statement = json.loads(given.get_data())
                take_away(statement["rest"][0])
                given.set_data(json.dumps(statement))
            return given

        behind, url = proxy(answer)
        aim(url)
        refused = abate("publish", ran)
        assert refused.exit_code == 5
        assert said in refused.err
        assert behind.ours() == {}

    def test_such_a_server_gets_a_bundle_to_take_there_by_hand(self, ran, aim, proxy, around):
        def answer(request, forward):
            given = forward(request)
            if request.path.endswith("/metadata"):
                given.set_data(given.get_data().replace(b'"transaction"', b'"batch"'))
            return given

        _, url = proxy(answer)
        aim(url)
        results = load_results(ran.parent / "abate-output")
        resources = bundle.report(results, load())
        owner = owner_of(ran.parent / "abate-output", results.study)
        with (
            FhirServer(url) as server,
            pytest.raises(PublishRefused, match=r"The report is kept as a Bundle in .*bundle.json"),
        ):
            compare.compare(target_of(server), resources, results, owner, folder=ran.parent)
        assert len(json.loads((ran.parent / "bundle.json").read_text())["entry"]) == 4 + around

    def test_what_comes_back_otherwise_than_it_was_written_is_told(self, abate, ran, aim, proxy):
        def answer(request, forward):
            given = forward(request)
            if is_read(request):
                given.set_data(given.get_data().replace(b'"value":6,', b'"value":7,'))
            return given

        behind, url = proxy(answer)
        aim(url)
        told = abate("publish", ran)
        assert told.exit_code == 5
        falls = behind.statistic("week/falls")
        assert "accepted the report but returns something else for" in told.err
        assert f"Observation {falls['id']}" in told.err

    def test_a_server_that_takes_all_and_keeps_nothing_is_told(
        self, abate, ran, aim, proxy, around
    ):
        def answer(request, forward):
            return (
                Response("{}", 200, content_type="application/json")
                if is_transaction(request)
                else forward(request)
            )

        _, url = proxy(answer)
        aim(url)
        told = abate("publish", ran)
        assert told.exit_code == 5
        assert f"({4 + around} in all)" in told.err

    def test_no_server_there(self, abate, ran, aim):
        aim("http://127.0.0.1:9/fhir")
        refused = abate("publish", ran)
        assert refused.exit_code == 1
        assert "http://127.0.0.1:9/fhir/metadata cannot be reached" in refused.err

    def test_a_page_in_place_of_a_resource_is_no_answer(self, abate, ran, aim, proxy):
        def answer(request, forward):
            if "/Group/" in request.path or is_batch(request):
                return Response("<html>", 200, content_type="text/html")
            return forward(request)

        behind, url = proxy(answer)
        aim(url)
        refused = abate("publish", ran)
        assert refused.exit_code == 1
        assert "answered 200 with text/html, not with JSON" in refused.err
        assert behind.ours() == {}


def test_a_resource_without_our_mark_is_not_overwritten(abate, ran, source):
    assert abate("publish", ran).exit_code == 0
    falls = source.statistic("week/falls")
    del falls["extension"]
    source.put(falls)
    refused = abate("publish", ran)
    assert refused.exit_code == 5
    assert f"Observation {falls['id']} without abate's mark" in refused.err
