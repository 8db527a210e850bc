"""A server that does not index Conditions by code, and one without any, from pull to report."""

import json
from base64 import b64decode

import pytest
from werkzeug import Response

EMPTY = json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 0})


def not_indexed(request):
    """A front that finds no Condition by code."""
    asked = {**request.args, **request.form}
    if "/Condition" in request.path and "code" in asked:
        return Response(EMPTY, content_type="application/fhir+json")
    return None


def no_conditions(request):
    """A front that has no Condition at all."""
    if "/Condition" in request.path:
        return Response(EMPTY, content_type="application/fhir+json")
    return None


def results(loop):
    return json.loads((loop.output / "results.json").read_text("utf-8"))


def estimate(found, analysis, name):
    [outcome] = [one for one in found["outcomes"] if one["use"] == analysis]
    return next(one for one in outcome["result"]["estimates"] if one["name"] == name)


@pytest.fixture
def loop(loop):
    """The published study with its count of complications."""
    text = loop.study.read_text("utf-8").replace(
        "[report]", '[[analysis]]\nuse = "safety"\n\n[report]'
    )
    loop.study.write_text(text, "utf-8")
    return loop


@pytest.mark.parametrize("strategy", ["population", "patient"])
def test_the_complication_is_counted_though_no_search_by_code_finds_it(loop, strategy):
    loop.front.instead = not_indexed
    ran = loop("run", "--set", f"source.strategy={strategy}")
    assert ran.exit_code == 0, ran.err
    found = estimate(results(loop), "safety", "complication-lesions")
    assert (found["counts"]["numerator"], found["n"]) == (1, 11)
    assert "finds no Condition by code" in ran.err
    assert results(loop)["not_assessable"] == {}


def test_where_there_is_no_condition_at_all_nothing_is_counted(loop):
    loop.front.instead = no_conditions
    ran = loop("sync")
    assert ran.exit_code == 0, ran.err
    assert "everything that depends on them is not assessable" in ran.err
    found = results(loop)
    missing = estimate(found, "safety", "complication-lesions")
    assert (missing["value"], missing["method"]) == (None, "complications are not assessable")
    assert estimate(found, "profile", "primary-not-assessable")["value"] is None
    assert set(found["not_assessable"]) == {"event.complication", "condition.primary"}
    assert "not assessable: event complication" in (loop.output / "report.html").read_text("utf-8")
    [report] = loop.all("DiagnosticReport")
    assert "not assessable: event complication" in report["conclusion"]
    page = b64decode(report["presentedForm"][0]["data"]).decode()
    assert "not assessable: condition primary" in page
    published = [one for one in loop.all("Observation") if "complication" in json.dumps(one)]
    assert not any("valueQuantity" in one for one in published)
