"""A server without totals and counts: if nothing confirms a pull, every reader is told."""

import json

import pytest
from werkzeug import Response

CONFIRMS = "othing confirms that all"
GATEWAY = '{"message": "Endpoint request timed out"}'


@pytest.fixture
def uncounted(loop):
    """The server gives no totals, refuses counts, and does not say when a row was changed."""

    def front(request):
        asked = {**request.args, **request.form}
        if asked.get("_summary") == "count":
            return Response("no", 400)
        said = loop.front.answer(request)
        page = json.loads(said.get_data()) if request.method in ("GET", "POST") else {}
        if page.get("type") != "searchset":
            return said
        page.pop("total", None)
        for entry in page.get("entry", []):
            entry["resource"].pop("meta", None)
        return Response(json.dumps(page), content_type="application/fhir+json")

    loop.front.instead = front


@pytest.mark.usefixtures("uncounted")
def test_one_warning_the_status_the_results_the_page_and_the_provenance_say_it(loop, abate):
    ran = loop("sync")
    assert ran.exit_code == 0, ran.err
    [told] = [one for one in ran.err.splitlines() if CONFIRMS in one]
    assert "pain scores" in told
    assert told.startswith("warning: ")
    said = abate("status", loop.study).out
    assert "pulled   pain scores: nothing confirms that it is complete" in said
    results = json.loads((loop.output / "results.json").read_text("utf-8"))
    assert "pain scores" in results["inputs"]["unconfirmed"]
    assert CONFIRMS in (loop.output / "report.html").read_text("utf-8")
    [provenance] = loop.all("Provenance")
    assert CONFIRMS in provenance["text"]["div"]
    assert CONFIRMS in provenance["entity"][0]["what"]["display"]


def test_where_all_is_counted_nobody_says_it(loop, abate):
    ran = loop("sync")
    assert ran.exit_code == 0, ran.err
    assert (
        json.loads((loop.output / "results.json").read_text("utf-8"))["inputs"]["unconfirmed"] == []
    )
    assert not [one for one in loop.shown().values() if CONFIRMS in one]
    assert CONFIRMS not in abate("status", loop.study).out


@pytest.mark.parametrize("command", ["run", "reconcile", "sync"])
def test_a_gateways_message_in_place_of_a_page_ends_with_exit_code_3(loop, failed, command):
    assert loop("sync").exit_code == 0
    loop.loaded, store = loop.versions(), loop.store()
    is_condition = lambda request: "/Condition" in request.path  # noqa: E731
    loop.front.instead = lambda request: (
        Response(GATEWAY, content_type="application/json") if is_condition(request) else None
    )
    failed(loop, loop(command), 3, "(Condition, page 1)", "not with a searchset", store=store)
