"""The loop over a server that fails: a sentence, an exit code, and everything as it was."""

import json
import re

import pytest
from werkzeug import Response

from asked import is_batch

NAMED = "incomplete result for pain scores (Observation, page 2)"
FAULTS = {
    "500 for good": (Response("broken", 500), f"{NAMED}: ", "answered 500"),
    "410 each time": (Response("{}", 410, content_type="application/json"), NAMED, "answered 410"),
    "HTML with 200": (Response("<p>Zwitscher-Canary</p>", content_type="text/html"), NAMED, "HTML"),
}


def is_second_page_of_scores(request):
    return request.path == "/fhir/Observation" and "_page" in request.args


def page_two(answer):
    """A front that gives `answer` as the second page of the scores."""
    return lambda request: answer if is_second_page_of_scores(request) else None


def short(loop):
    """A front that drops a row of the second page of the scores, and keeps the total."""

    def front(request):
        if not is_second_page_of_scores(request):
            return None
        page = json.loads(loop.front.answer(request).get_data())
        page["entry"].pop()
        return Response(json.dumps(page), content_type="application/fhir+json")

    return front


def always(path, answer):
    """A front that gives `answer` to whatever is asked below `path`."""
    return lambda request: answer if request.path.startswith(path) else None


def in_json(resource, status=200):
    return Response(json.dumps(resource), status, content_type="application/fhir+json")


def capability(version):
    return in_json({"resourceType": "CapabilityStatement", "fhirVersion": version})


@pytest.mark.parametrize("command", ["run", "sync"])
def test_a_stopped_server_leaves_no_store(loop, failed, command):
    loop.base = "http://127.0.0.1:9/fhir"
    ran = loop(command, "--quiet")
    loop.base = loop.home
    failed(loop, ran, 1, "http://127.0.0.1:9/fhir/metadata cannot be reached", "check", store=None)
    assert len(ran.err.strip().splitlines()) == 1
    assert [path.name for path in sorted(loop.output.iterdir())] == [
        "lock",
        "runs.jsonl",
        "status.json",
    ]


def test_a_stopped_server_leaves_an_older_store_and_results_as_they_were(loop, failed):
    assert loop("run", "--quiet").exit_code == 0
    store = loop.store()
    results = (loop.output / "results.json").read_bytes()
    loop.base = "http://127.0.0.1:9/fhir"
    ran = loop("run")
    loop.base = loop.home
    failed(loop, ran, 1, "cannot be reached", store=store)
    assert (loop.output / "results.json").read_bytes() == results


@pytest.mark.parametrize("fault", [*FAULTS, "fewer rows than total"])
def test_a_second_page_that_fails_is_a_named_hole(loop, failed, fault):
    if fault in FAULTS:
        answer, *words = FAULTS[fault]
        loop.front.instead = page_two(answer)
    else:
        loop.front.instead = short(loop)
        words = [
            "incomplete result for pain scores (Observation): ",
            "73, but 72 were received on 4 pages",
        ]
    words = [word.replace("HTML", "with text/html, not with JSON") for word in words]
    ran = loop("sync", "--set", "source.page_size=40")
    failed(loop, ran, 3, *words, "Nothing was stored", store=None)


def test_a_hole_leaves_an_older_store_and_report_as_they_were(loop):
    assert loop("sync", "--set", "source.page_size=40").exit_code == 0
    store, versions = loop.store(), loop.versions()
    loop.front.instead = short(loop)
    assert loop("sync", "--set", "source.page_size=40").exit_code == 3
    assert (loop.store(), loop.versions()) == (store, versions)
    loop.front.instead = None
    assert loop("sync", "--set", "source.page_size=40").exit_code == 0
    assert loop.versions() == versions


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (in_json({}, 401), ("requires a login (it answered 401)", "Add [source.auth]")),
        (Response("<p>hello</p>", content_type="text/html"), ("with text/html", "Check its URL")),
        (in_json({"resourceType": "Patient"}), ("not a CapabilityStatement", "Check its URL")),
        (capability("5.0.0"), ("uses FHIR 5.0.0", "Many servers offer R4 at another")),
        (capability("3.0.2"), ("uses FHIR 3.0.2", "Many servers offer R4 at another")),
    ],
)
def test_what_is_no_fhir_r4_server_is_told_in_a_sentence(loop, failed, answer, words):
    loop.front.instead = always("/fhir/metadata", answer)
    failed(loop, loop("sync"), 1, loop.base, *words, store=None)


def empty():
    return in_json({"resourceType": "Bundle", "type": "searchset", "total": 0})


def test_no_such_procedures_are_told_with_a_cure(loop, failed):
    loop.front.instead = always("/fhir/Procedure", empty())
    words = ("has no procedure with one of the", "codes of [index]", "Check the codes")
    failed(loop, loop("sync"), 1, *words, store=None)


def test_no_scores_are_told_with_the_number_of_procedures(loop, failed):
    loop.front.instead = always("/fhir/Observation", empty())
    words = ("has 13 index procedures but no pain score", "Check those codes")
    failed(loop, loop("sync"), 1, *words, store=None)


def test_an_empty_cohort_keeps_rows_and_attrition_and_publishes_nothing(
    loop, failed, study_resources, rows
):
    procedures = [one for one in study_resources if one["resourceType"] == "Procedure"]
    loop.load([one | {"status": "not-done"} for one in procedures])
    ran = loop("sync")
    store = loop.store()
    words = ("the cohort is empty", "13 status-not-done (procedure)", "attrition is kept")
    failed(loop, ran, 1, *words, store=store)
    assert rows("select count(*) from observation where state = 'mapped'") == [(73,)]
    kept = rows("select reason, n from attrition where stage = 'no lesion'")
    assert kept == [("status-not-done", 13)]
    assert not (loop.output / "results.json").exists()


def test_a_broken_score_is_rejected_and_its_text_is_shown_nowhere(loop, study_resources, rows):
    [broken] = [one for one in study_resources if one["id"] == "lesion-01-Wk1"]
    del broken["valueQuantity"]
    odd = {
        "text": {"valueString": "CANARY-IN-A-VALUE"},
        "wrong": {"valueQuantity": {"value": "CANARY-IN-A-VALUE", "unit": "CANARY-IN-A-VALUE"}},
        "shape": {"valueQuantity": ["CANARY-IN-A-VALUE"]},
        "time": {"effectiveDateTime": "CANARY-IN-A-VALUE"},
        "status": {"status": "CANARY-IN-A-VALUE"},
    }
    loop.load([broken | {"id": f"odd-{name}"} | one for name, one in odd.items()])
    ran = loop("sync")
    assert ran.exit_code == 0, ran.err
    found = rows("select id, state from observation where id like 'odd-%' order by id")
    assert found == [(f"odd-{name}", "rejected") for name in sorted(odd)]
    assert rows("select count(*) from observation where state = 'mapped'") == [(73,)]


def test_a_target_that_fails_while_it_is_read_leaves_nothing_published(loop):
    of_a_group, fault = always("/fhir/Group", True), Response("CANARY-IN-A-VALUE", 500)
    loop.front.instead = lambda request: fault if is_batch(request) or of_a_group(request) else None
    ran = loop("sync")
    assert ran.exit_code == 1
    assert re.search(r"abate: http://\S+/fhir/Group/\S+ answered 500", ran.err)
    assert not loop.published()


def test_no_scores_leave_an_older_store_as_it_was(loop, failed):
    assert loop("run", "--quiet").exit_code == 0
    store = loop.store()
    loop.front.instead = always("/fhir/Observation", empty())
    failed(loop, loop("run"), 1, "no longer has any pain scores; it had 73", store=store)
