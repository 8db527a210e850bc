"""A report of results in which small cells are hidden."""

import json
from dataclasses import replace

import pytest

from abate.report.fhir import bundle
from abate.report.fhir.validation import faults

MASKED = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@pytest.fixture(params=["R4", "R5"])
def version(request):
    """Both versions of FHIR."""
    return request.param


@pytest.fixture
def report(withheld, host, version):
    """The resources of the report by type, and of the Observations by statistic."""
    found = {}
    for one in bundle.report(withheld, host, version=version):
        observed = one["resourceType"] == "Observation"
        name = one["identifier"][0]["value"].rpartition("/")[2] if observed else None
        found[name or one["resourceType"]] = one
    return found


def test_each_resource_is_valid(report, version):
    assert not [fault for one in report.values() for fault in faults(one, version)]


def test_the_value_is_masked_with_the_rule_as_its_text(report):
    for name in ("sign-test", "fall-2-adjunct-rfa"):
        reason = report[name]["dataAbsentReason"]
        assert "valueQuantity" not in report[name]
        assert reason["coding"][0]["code"] == "masked"
        assert reason["text"] == "withheld: counts from 1 to 4 are hidden"


def test_only_n_and_population_stay_of_its_components(report):
    codes = [one["code"]["coding"][-1]["code"] for one in report["sign-test"]["component"]]
    assert codes == ["n", "population"]
    assert report["sign-test"]["component"][0]["valueInteger"] == 9


def test_a_hidden_n_is_masked_too(report):
    n = report["fall-2-adjunct-rfa"]["component"][0]
    assert "valueInteger" not in n
    assert n["dataAbsentReason"]["coding"][0]["code"] == "masked"


def test_what_is_not_withheld_stands_beside_it(report):
    assert report["falls"]["valueQuantity"]["value"] == 8


def test_what_an_estimate_says_besides_its_rule_is_not_written_if_it_is_withheld(results, host):
    [first] = results.outcomes
    leaky = [replace(one, withheld="a rule", cases=["lesion 6"]) for one in first.result.estimates]
    outcome = replace(first, result=replace(first.result, estimates=leaky))
    found = json.dumps(bundle.report(replace(results, outcomes=[outcome]), host))
    assert not [word for word in ("0.039", "0.888", "lesion 6", "rises") if word in found]


def test_a_hidden_count_of_a_measure_report_is_absent_as_masked(report):
    [group] = report["MeasureReport"]["group"]
    populations = {one["code"]["coding"][0]["code"]: one for one in group["population"]}
    assert populations["initial-population"]["count"] == 11
    assert populations["denominator"]["count"] == 10
    assert "count" not in populations["numerator"]
    assert populations["numerator"]["_count"] == {
        "extension": [{"url": MASKED, "valueCode": "masked"}]
    }


def test_a_hidden_score_is_absent_as_masked(report, version):
    # HAPI 8.8 wants a score with a value in each group; an extension in its place is one.
    name = "measureScore" if version == "R4" else "measureScoreQuantity"
    [group] = report["MeasureReport"]["group"]
    strata = [stratum for one in group["stratifier"] for stratum in one["stratum"]]
    for one in (group, *strata):
        assert one[name] == {"_value": {"extension": [{"url": MASKED, "valueCode": "masked"}]}}


def test_a_group_whose_size_is_withheld_has_no_quantity(report):
    assert "quantity" not in report["Group"]
    assert "[withheld] patients treated" in report["Group"]["text"]["div"]


def test_the_narratives_say_withheld_in_place_of_a_number(report):
    assert "withheld (counts from 1 to 4 are hidden)" in report["DiagnosticReport"]["text"]["div"]
    assert "[withheld] of 10." in report["MeasureReport"]["text"]["div"]
    assert "n = [withheld]" in report["fall-2-adjunct-rfa"]["text"]["div"]


def test_inputs_without_counts_are_told_without_them(report):
    provenance = report["Provenance"]
    assert provenance["entity"][0]["what"]["display"] == "resources pulled and mapped"
    assert "Computed by abate 0.2.0." in provenance["text"]["div"]


def test_the_conclusion_says_that_the_primary_test_is_withheld(report):
    conclusion = report["DiagnosticReport"]["conclusion"]
    assert "share of falls: withheld (counts from 1 to 4 are hidden) (n = 9; exact" in conclusion
