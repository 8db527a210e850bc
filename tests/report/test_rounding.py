"""What is published has six decimals at most, in every place alike."""

import json
from decimal import Decimal

import pytest

from abate import Estimate, Interval
from abate.report.fhir import bundle, observation
from abate.report.fhir.elements import quantity
from abate.report.fhir.narrative import number
from abate.report.fhir.validation import faults
from abate.report.page.formatting import shown

ROUNDED = [
    (0.42000000000000004, "0.42"),
    (8 / 9, "0.888889"),
    (-3.6999999999999997, "-3.7"),
    (0.0390625, "0.039062"),
    (123456789.123456789, "123456789.123457"),
    (0.00001234, "0.000012"),
    (2e-9, "0"),
    (-2e-9, "0"),
    (3.0, "3"),
    (2.9999999, "3"),
]
P_VALUES = [
    (0.0390625, 0.039062, None, "= 0.03906"),
    (0.0000012, 0.000001, None, "= 0.000001"),
    (0.000001, 0.000001, None, "= 0.000001"),
    (0.0000009, 0.000001, "<", "< 0.000001"),
    (2e-9, 0.000001, "<", "< 0.000001"),
    (0.0, 0.000001, "<", "< 0.000001"),
    (1.0, 1, None, "= 1"),
]


def estimate(**fields):
    return Estimate(
        **{"name": "e", "value": 8 / 9, "n": 9, "method": "m", "population": "q"} | fields
    )


def p_of(observation):
    [found] = [
        one for one in observation["component"] if one["code"].get("text") == "two-sided p-value"
    ]
    return found["valueQuantity"]


@pytest.mark.parametrize(("value", "written"), ROUNDED)
def test_a_number_is_written_with_six_decimals_at_most(value, written):
    found = quantity(value, "{score}")["value"]
    assert Decimal(json.dumps(found)) == Decimal(written)
    assert isinstance(found, int) == ("." not in written)


@pytest.mark.parametrize(("p", "value", "comparator", "words"), P_VALUES)
def test_a_p_value_is_never_written_as_0(results, p, value, comparator, words):
    found = observation.statistic(results, results.outcomes[0], estimate(p=p))
    assert (p_of(found)["value"], p_of(found).get("comparator")) == (value, comparator)
    assert f"(n = 9, p {words};".replace("<", "&lt;") in found["text"]["div"]
    assert not faults(found, "R4")


def test_value_component_and_page_are_rounded_alike(results):
    one = estimate(p=1 / 7, interval=Interval(low=1 / 3, high=2 / 3, kind="range"))
    found = observation.statistic(results, results.outcomes[0], one)
    published = [found["valueQuantity"]["value"], p_of(found)["value"]]
    published += [part["valueQuantity"]["value"] for part in found["component"][-2:]]
    assert published == [0.888889, 0.142857, 0.333333, 0.666667]
    page = [shown("a", one, field).exact for field in ("value", "p", "low", "high")]
    assert [float(text) for text in page] == published


def test_the_score_of_a_measure_is_rounded(measured, host):
    resources = bundle.report(measured, host)
    scores = [
        part["measureScore"]["value"]
        for one in resources
        if one["resourceType"] == "MeasureReport"
        for part in one["group"][0]["stratifier"][0]["stratum"]
    ]
    assert scores == [0.333333, 0.571429]


def rendered(host, monkeypatch, results, **fields):
    """A resource of a plugin, as it is published."""
    theirs = {
        "resourceType": "Observation",
        "id": "theirs",
        "status": "final",
        "code": {"text": "theirs"},
        **fields,
    }
    monkeypatch.setattr(host, "render_report", lambda *_: ("theirs", [theirs]))
    [found] = [one for one in bundle.report(results, host) if one["id"] == "theirs"]
    assert not faults(found, "R4")
    return found


def test_what_a_plugin_renders_is_rounded_wherever_a_number_stands(results, host, monkeypatch):
    part = {"code": {"text": "part"}, "valueQuantity": {"value": -8 / 9, "unit": "0.888888888"}}
    found = rendered(
        host,
        monkeypatch,
        results,
        valueQuantity={"value": 8 / 9},
        component=[part, {"code": {"text": "whole"}, "valueInteger": 7}],
        referenceRange=[{"low": {"value": 2e-9}, "high": {"value": 3.0000000001}}],
        extension=[{"url": "urn:x", "valueDecimal": 0.42000000000000004}],
    )
    assert found["valueQuantity"] == {"value": 0.888889}
    assert found["component"][0]["valueQuantity"] == {"value": -0.888889, "unit": "0.888888888"}
    assert found["component"][1]["valueInteger"] == 7
    assert found["referenceRange"] == [{"low": {"value": 0}, "high": {"value": 3}}]
    assert {"url": "urn:x", "valueDecimal": 0.42} in found["extension"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"value": 2e-9}, {"value": 0.000001, "comparator": "<"}),
        ({"value": 2e-9, "comparator": "<="}, {"value": 0.000001, "comparator": "<"}),
        ({"value": 2e-9, "comparator": ">"}, {"value": 0, "comparator": ">"}),
        ({"value": 0.0}, {"value": 0}),
        ({"value": -2e-9}, {"value": 0}),
        ({"value": 0.0000012}, {"value": 0.000001}),
    ],
)
def test_a_small_quantity_of_a_plugin_is_not_written_as_0(
    results, host, monkeypatch, given, written
):
    found = rendered(host, monkeypatch, results, valueQuantity=given)
    assert found["valueQuantity"] == written


@pytest.mark.parametrize(
    ("value", "words"),
    [(8 / 9, "0.8889"), (0.00012345, "0.000123"), (1.234e-5, "0.000012"), (2e-9, "0"), (5, "5")],
)
def test_words_say_no_more_than_what_is_published(value, words):
    assert number(value) == words


def test_nothing_in_a_report_has_more_than_six_decimals(measured, host):
    text = json.dumps(bundle.report(measured, host), default=str)
    decimals = [len(word.partition(".")[2]) for word in _numbers(json.loads(text))]
    assert max(decimals) == 6


def _numbers(node):
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _numbers(inner)
    elif isinstance(node, float):
        yield f"{Decimal(repr(node)):f}"
