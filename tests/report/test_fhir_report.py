"""Results as FHIR R4 resources."""

import json
import re
from dataclasses import replace

import pytest

from abate import Estimate, Interval, Result, plugins
from abate.errors import PublishRefused
from abate.identity import DIGEST
from abate.outcome import Outcome
from abate.report import fhir
from abate.report.rules import faults
from abate.results import FORMAT, Inputs, Results, Step, load

FALLS = Estimate(
    name="sign-test",
    label="share of falls",
    value=8 / 9,
    n=9,
    p=0.0390625,
    interval=Interval(low=0.5, high=1, kind="95 % confidence"),
    method="exact sign test",
    population="lesions with both scores",
)
COUNT = Estimate(
    name="falls", value=8, n=10, unit="{lesion}", method="count", population="lesions <both>"
)
NOTHING = Estimate(
    name="median-M8", value=None, n=0, unit="{score}", method="median", population="scored at M8",
    note="no analysed lesion was scored then",
)  # fmt: skip
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def outcome(*estimates, name="first-week", **more):
    facts = {"plugin": "abate_analyses", "plugin_version": "0.1.0", "primary": True, **more}
    result = Result(estimates=estimates)
    return Outcome(name=name, use="paired-change", parameters={}, **{"result": result, **facts})


@pytest.fixture
def results():
    return Results(
        format=FORMAT,
        release="",
        study="tiny",
        title="A <tiny> study",
        synthetic=True,
        study_digest="d",
        run_id="r",
        version="0.1.0",
        period=("2006-10", "2010-08"),
        patients=10,
        lesions=11,
        inputs=Inputs(server="http://h", counts={"Patient": 10, "Observation": 70}, digest="i"),
        attrition=[
            Step(stage="treated", reason="", unit="patient", n=12),
            Step(stage="treated", reason="", unit="lesion", n=13),
        ],
        outcomes=[outcome(FALLS, COUNT, NOTHING)],
    )


@pytest.fixture(scope="module")
def host():
    return plugins.load()


@pytest.fixture
def report(results, host):
    """The resources of the report by type, and of the Observations by statistic."""
    return by_name(fhir.report(results, host))


def by_name(resources):
    found = {}
    for one in resources:
        kind = one["resourceType"]
        if kind == "Observation":
            kind = one["code"]["coding"][0]["code"].removeprefix("paired-change.")
        found[kind] = one
    return found


def component(observation, code):
    [found] = [
        one
        for one in observation["component"]
        if code in [coding["code"] for coding in one["code"]["coding"]]
    ]
    return {key: value for key, value in found.items() if key.startswith("value")}


def names(resources):
    return [f"{one['resourceType']}/{one['id']}" for one in resources]


class TestAll:
    def test_each_resource_is_valid_r4(self, report):
        assert list(report) == [
            "Group", "sign-test", "falls", "median-M8", "DiagnosticReport", "Provenance",
        ]  # fmt: skip
        assert {name: faults(one) for name, one in report.items()} == {name: [] for name in report}

    def test_each_has_a_narrative(self, report):
        assert all(one["text"]["status"] == "generated" for one in report.values())

    def test_text_is_escaped_in_the_narrative(self, report):
        assert "A &lt;tiny&gt; study" in report["Group"]["text"]["div"]
        assert "lesions &lt;both&gt;" in report["DiagnosticReport"]["text"]["div"]

    def test_ids_are_the_same_in_two_runs(self, results, host):
        later = replace(results, run_id="another", patients=9)
        assert names(fhir.report(results, host)) == names(fhir.report(later, host))

    def test_another_study_or_another_name_of_the_analysis_has_other_ids(self, results, host):
        other = replace(results, study="other")
        assert not set(names(fhir.report(results, host))) & set(names(fhir.report(other, host)))
        renamed = replace(results, outcomes=[outcome(FALLS, name="week-1")])
        ids = by_name(fhir.report(results, host)), by_name(fhir.report(renamed, host))
        assert ids[0]["sign-test"]["id"] != ids[1]["sign-test"]["id"]
        assert ids[0]["Group"]["id"] == ids[1]["Group"]["id"]

    def test_a_synthetic_study_is_labelled_as_test_data_and_no_other_is(self, results, host):
        for is_synthetic in (True, False):
            resources = fhir.report(replace(results, synthetic=is_synthetic), host)
            labelled = ["HTEST" in json.dumps(one.get("meta", {})) for one in resources]
            assert labelled == [is_synthetic] * 6

    def test_a_code_that_fhir_does_not_have_is_refused(self, results, host):
        blank = replace(FALLS, unit=" ")
        with pytest.raises(PublishRefused, match=r"Observation/.* is no valid FHIR R4"):
            fhir.report(replace(results, outcomes=[outcome(blank)]), host)


class TestDigest:
    def test_each_resource_carries_one(self, report):
        assert all(fhir.digest_of(one) == fhir.digest(one) for one in report.values())

    @pytest.mark.parametrize(
        ("kind", "element"), [("DiagnosticReport", "issued"), ("Provenance", "recorded")]
    )
    def test_it_leaves_out_when_the_run_was(self, report, kind, element):
        later = {**report[kind], element: "2031-01-01T00:00:00Z"}
        assert element in report[kind]
        assert fhir.digest(later) == fhir.digest(report[kind])

    def test_it_leaves_out_what_servers_add(self, report):
        meta = {"versionId": "7", "lastUpdated": "2031-01-01T00:00:00Z"}
        assert fhir.digest({**report["Group"], "meta": meta}) == fhir.digest(report["Group"])

    def test_it_changes_with_a_figure(self, results, host):
        changed = replace(results, outcomes=[outcome(replace(FALLS, p=0.04), COUNT, NOTHING)])
        before, after = (by_name(fhir.report(one, host)) for one in (results, changed))
        moved = [
            name for name in before if fhir.digest_of(before[name]) != fhir.digest_of(after[name])
        ]
        assert moved == ["sign-test", "DiagnosticReport"]

    def test_it_changes_with_an_extension_of_somebody_else(self, report):
        theirs = {"url": "http://a.test/e", "valueString": "x"}
        changed = {**report["Group"], "extension": [theirs, *report["Group"]["extension"]]}
        assert fhir.digest(changed) != fhir.digest(report["Group"])

    def test_it_is_not_taken_from_another_extension(self):
        assert fhir.digest_of({"extension": [{"url": f"{DIGEST}s", "valueString": "x"}]}) is None
        assert fhir.digest_of({}) is None


class TestStatistic:
    def test_the_value_stands_with_its_unit(self, report):
        ucum = "http://unitsofmeasure.org"
        assert report["falls"]["valueQuantity"] == {
            "value": 8, "unit": "lesion", "system": ucum, "code": "{lesion}",
        }  # fmt: skip
        assert report["sign-test"]["valueQuantity"]["value"] == 8 / 9

    def test_n_population_p_and_interval_are_components(self, report):
        test = report["sign-test"]
        assert component(test, "n") == {"valueInteger": 9}
        assert component(test, "population") == {"valueString": "lesions with both scores"}
        assert component(test, "p")["valueQuantity"]["value"] == 0.0390625
        assert component(test, "interval-low")["valueQuantity"]["value"] == 0.5
        assert component(test, "interval-high")["valueQuantity"]["value"] == 1

    def test_what_an_estimate_does_not_have_is_no_component(self, report):
        codes = [one["code"]["coding"][-1]["code"] for one in report["falls"]["component"]]
        assert codes == ["n", "population"]

    def test_what_cannot_be_estimated_says_so_in_place_of_a_value(self, report):
        empty = report["median-M8"]
        assert "valueQuantity" not in empty
        assert empty["dataAbsentReason"]["coding"][0]["system"] == ABSENT
        assert empty["dataAbsentReason"]["text"] == "not estimable"
        assert empty["note"] == [{"text": "no analysed lesion was scored then"}]

    def test_it_is_preliminary_and_about_the_group(self, report):
        group = f"Group/{report['Group']['id']}"
        for name in ("sign-test", "falls", "median-M8", "DiagnosticReport"):
            assert report[name]["status"] == "preliminary"
            assert report[name]["subject"] == {"reference": group}
            assert report[name]["effectivePeriod"] == {"start": "2006-10", "end": "2010-08"}

    def test_its_method_is_named(self, report):
        assert report["sign-test"]["method"] == {"text": "exact sign test"}


class TestWhole:
    def test_the_group_has_a_quantity_and_no_member(self, report):
        assert report["Group"]["quantity"] == 12  # treated: the excluded ones too
        assert "member" not in report["Group"]

    def test_the_report_leads_to_each_statistic(self, report):
        statistics = [report[name] for name in ("sign-test", "falls", "median-M8")]
        expected = [{"reference": name} for name in names(statistics)]
        assert report["DiagnosticReport"]["result"] == expected

    def test_the_conclusion_has_the_primary_test(self, report):
        conclusion = report["DiagnosticReport"]["conclusion"]
        assert conclusion == (
            "10 patients with 11 lesions were analysed. Computed by software and not reviewed by "
            "a person. first-week: share of falls: 0.8889 (n = 9, p = 0.03906; exact sign test; "
            "lesions with both scores)."
        )

    def test_a_secondary_analysis_is_not_in_the_conclusion(self, results, host):
        second = replace(results, outcomes=[outcome(FALLS, primary=False)])
        assert (
            "sign test" not in by_name(fhir.report(second, host))["DiagnosticReport"]["conclusion"]
        )

    def test_a_result_that_is_not_estimable_is_told_with_its_reason(self, results, host):
        nothing = outcome(result=Result.not_estimable("one group is empty"))
        resources = by_name(fhir.report(replace(results, outcomes=[nothing]), host))
        assert list(resources) == ["Group", "DiagnosticReport", "Provenance"]
        report = resources["DiagnosticReport"]
        assert report["conclusion"].endswith("first-week: not estimable, one group is empty.")
        assert "Not estimable: one group is empty" in report["text"]["div"]

    def test_a_failed_analysis_has_no_statistic_and_is_told_without_its_error(self, results, host):
        failed = outcome(result=None, error="ValueError in x.py, line 1", name="odd")
        resources = fhir.report(replace(results, outcomes=[outcome(FALLS), failed]), host)
        assert len(resources) == 4
        assert "odd: failed in this run" in resources[2]["conclusion"]
        assert "ValueError" not in json.dumps(resources)

    def test_provenance_names_software_plugins_and_all_targets(self, report):
        provenance = report["Provenance"]
        agents = [agent["who"]["display"] for agent in provenance["agent"]]
        assert agents == ["abate 0.1.0", "plugin abate_analyses 0.1.0"]
        targets = [one["reference"] for one in provenance["target"]]
        assert targets == names(one for name, one in report.items() if name != "Provenance")

    def test_provenance_gives_inputs_as_counts_and_digests(self, report):
        entities = [entity["what"] for entity in report["Provenance"]["entity"]]
        assert [entity["identifier"]["value"] for entity in entities] == ["i", "d"]
        assert entities[0]["display"].endswith("70 Observation, 10 Patient")


def test_the_report_of_the_published_study_names_no_resource_of_the_source(
    abate, serve, study_file, study_resources, host
):
    ran = abate("run", study_file, "--set", f"source.url={serve(study_resources)}", "--json")
    assert ran.exit_code == 0
    folder = study_file.parent / "abate-output"
    resources = fhir.report(load(folder), host)
    text = json.dumps(resources)
    assert not [one["id"] for one in study_resources if f"/{one['id']}" in text]
    assert not re.search(r"(?<![0-9a-f.])[0-9a-f]{16}\b", text)  # A pseudonym.
    assert not [word for word in ("Patient/", "Procedure/", "Zwitscher", "CANARY") if word in text]
