"""Results as FHIR R4 resources."""

import json
import re
from base64 import b64decode
from dataclasses import replace

import pytest

from abate import Result
from abate.analysis.outcome import Outcome
from abate.analysis.results import load
from abate.errors import PublishRefused
from abate.fhir.canonical import COMPONENT, DIGEST, STATISTIC
from abate.report.fhir import bundle
from abate.report.fhir.validation import faults

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
SEVCO = "https://fevir.net/sevco"


@pytest.fixture
def estimates(results):
    """The estimates of the results by name."""
    return {one.name: one for one in results.outcomes[0].result.estimates}


@pytest.fixture
def report(results, host):
    """The resources of the report by type, and of the Observations by statistic."""
    return by_name(bundle.report(results, host))


def outcome(*estimates, name="first-week", **more):
    facts = {"plugin": "abate_analyses", "plugin_version": "0.1.0", "primary": True, **more}
    result = Result(estimates=estimates)
    return Outcome(name=name, use="paired-change", parameters={}, **{"result": result, **facts})


def by_name(resources):
    found = {}
    for one in resources:
        name = one["resourceType"]
        if name == "Observation":
            name = one["identifier"][0]["value"].rpartition("/")[2]
        found[one["name"] if name == "CodeSystem" else name] = one
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
            "AbateStatistic", "AbateStatisticComponent", "AbateReport", "Group", "List",
            "sign-test", "falls", "median-M8", "DiagnosticReport", "Provenance",
        ]  # fmt: skip
        assert {name: faults(one) for name, one in report.items()} == {name: [] for name in report}

    def test_each_has_a_narrative(self, report):
        assert all(one["text"]["status"] == "generated" for one in report.values())

    def test_text_is_escaped_in_the_narrative(self, report):
        assert "A &lt;tiny&gt; study" in report["Group"]["text"]["div"]
        assert "lesions &lt;both&gt;" in report["DiagnosticReport"]["text"]["div"]

    def test_ids_are_the_same_in_two_runs(self, results, host):
        later = replace(results, run_id="another", patients=9)
        assert names(bundle.report(results, host)) == names(bundle.report(later, host))

    def test_another_study_or_another_name_of_the_analysis_has_other_ids(self, results, host):
        other = bundle.report(replace(results, study="other"), host)
        same = set(names(bundle.report(results, host))) & set(names(other))
        assert {name.partition("/")[0] for name in same} == {"CodeSystem"}
        [first] = results.outcomes
        renamed = replace(results, outcomes=[replace(first, name="week-1")])
        ids = by_name(bundle.report(results, host)), by_name(bundle.report(renamed, host))
        assert ids[0]["sign-test"]["id"] != ids[1]["sign-test"]["id"]
        assert ids[0]["Group"]["id"] == ids[1]["Group"]["id"]

    def test_a_synthetic_study_is_labelled_as_test_data_and_no_other_is(self, results, host):
        for is_synthetic in (True, False):
            resources = bundle.report(replace(results, synthetic=is_synthetic), host)
            labelled = ["HTEST" in json.dumps(one.get("meta", {})) for one in resources]
            assert labelled == [False] * 3 + [is_synthetic] * 7

    def test_a_code_that_fhir_does_not_have_is_refused(self, results, estimates, host):
        blank = replace(estimates["sign-test"], unit=" ")
        with pytest.raises(PublishRefused, match=r"Observation/.* is not valid FHIR R4"):
            bundle.report(replace(results, outcomes=[outcome(blank)]), host)


class TestDigest:
    def test_each_resource_carries_one(self, report):
        assert all(bundle.digest_of(one) == bundle.digest(one) for one in report.values())

    @pytest.mark.parametrize(
        ("kind", "element"),
        [("DiagnosticReport", "issued"), ("Provenance", "recorded"), ("List", "date")],
    )
    def test_it_leaves_out_when_the_run_was(self, report, kind, element):
        later = {**report[kind], element: "2031-01-01T00:00:00Z"}
        assert element in report[kind]
        assert bundle.digest(later) == bundle.digest(report[kind])

    def test_it_leaves_out_what_servers_add(self, report):
        meta = {"versionId": "7", "lastUpdated": "2031-01-01T00:00:00Z"}
        assert bundle.digest({**report["Group"], "meta": meta}) == bundle.digest(report["Group"])

    def test_it_changes_with_a_figure(self, results, estimates, host):
        moved = {**estimates, "sign-test": replace(estimates["sign-test"], p=0.04)}
        changed = replace(results, outcomes=[outcome(*moved.values())])
        before, after = (by_name(bundle.report(one, host)) for one in (results, changed))
        moved = [
            name
            for name in before
            if bundle.digest_of(before[name]) != bundle.digest_of(after[name])
        ]
        assert moved == ["sign-test", "DiagnosticReport"]

    def test_it_changes_with_an_extension_of_somebody_else(self, report):
        theirs = {"url": "http://a.test/e", "valueString": "x"}
        changed = {**report["Group"], "extension": [theirs, *report["Group"]["extension"]]}
        assert bundle.digest(changed) != bundle.digest(report["Group"])

    def test_it_is_not_taken_from_another_extension(self):
        assert bundle.digest_of({"extension": [{"url": f"{DIGEST}s", "valueString": "x"}]}) is None
        assert bundle.digest_of({}) is None


class TestStatistic:
    def test_the_value_stands_with_its_unit(self, report):
        ucum = "http://unitsofmeasure.org"
        assert report["falls"]["valueQuantity"] == {
            "value": 8, "unit": "lesion", "system": ucum, "code": "{lesion}",
        }  # fmt: skip
        assert report["sign-test"]["valueQuantity"]["value"] == 0.888889

    def test_n_population_p_and_interval_are_components(self, report):
        test = report["sign-test"]
        assert component(test, "n") == {"valueInteger": 9}
        assert component(test, "population") == {"valueString": "lesions with both scores"}
        assert component(test, "p")["valueQuantity"]["value"] == 0.039062
        assert component(test, "interval-low")["valueQuantity"]["value"] == 0.5
        assert component(test, "interval-high")["valueQuantity"]["value"] == 1

    def test_what_an_estimate_does_not_have_is_no_component(self, report):
        codes = [one["code"]["coding"][-1]["code"] for one in report["falls"]["component"]]
        assert codes == ["n", "population", "count"]

    def test_what_it_was_computed_from_are_components_named_by_their_text(self, report):
        counts = {
            one["code"]["text"]: one["valueInteger"]
            for one in report["sign-test"]["component"]
            if one["code"]["coding"][0]["code"] == "count"
        }
        assert counts == {"falls": 8, "rises": 1}

    def test_its_code_is_the_kind_of_statistic_and_its_text_the_label(self, report):
        assert report["sign-test"]["code"] == {
            "coding": [{"system": STATISTIC, "code": "test"}],
            "text": "share of falls",
        }
        codings = report["falls"]["code"]["coding"]
        assert codings[1:] == [{"system": SEVCO, "code": "STATO:0000047"}]

    def test_no_component_has_the_code_of_its_observation(self, report):
        # obs-7: https://hl7.org/fhir/R4/observation-definitions.html
        whole = report["falls"]["code"]["coding"]
        assert whole[0]["code"] == "count"
        for one in report["falls"]["component"]:
            assert not [coding for coding in one["code"]["coding"] if coding in whole]

    def test_each_of_our_codes_is_in_a_published_code_system(self, report):
        published = {
            (one["url"], concept["code"])
            for one in report.values()
            if one["resourceType"] == "CodeSystem"
            for concept in one["concept"]
        }
        text = json.dumps(list(report.values()))
        used = set(re.findall(r'"system": "(urn:oid:[^"]+)", "code": "([^"]+)"', text))
        assert (COMPONENT, "interval-low") in used
        assert used <= published

    def test_note_and_cases_are_its_notes(self, results, estimates, host):
        told = replace(estimates["falls"], note="two kinds", cases=["lesion 6 at M5: 6"])
        found = by_name(bundle.report(replace(results, outcomes=[outcome(told)]), host))
        assert found["falls"]["note"] == [{"text": "two kinds"}, {"text": "lesion 6 at M5: 6"}]

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

    def test_the_list_of_index_procedures_is_withheld(self, report):
        procedures = report["List"]
        assert "entry" not in procedures
        assert procedures["emptyReason"]["coding"][0]["code"] == "withheld"
        assert (procedures["mode"], procedures["status"]) == ("snapshot", "current")

    def test_the_page_is_in_the_report_as_it_is(self, results, host):
        page = "<!doctype html><p>5 \u2192 2"
        found = by_name(bundle.report(results, host, page=page))["DiagnosticReport"]
        [form] = found["presentedForm"]
        assert form["contentType"] == "text/html"
        assert b64decode(form["data"]).decode() == page

    def test_without_a_page_there_is_no_presented_form(self, report):
        assert "presentedForm" not in report["DiagnosticReport"]

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

    def test_the_conclusion_prefers_a_key_test(self, results, estimates, host):
        first = estimates["sign-test"]
        key = replace(first, name="wilcoxon", label="a key test", key=True)
        found = by_name(bundle.report(replace(results, outcomes=[outcome(first, key)]), host))
        conclusion = found["DiagnosticReport"]["conclusion"]
        assert "first-week: a key test: 0.8889" in conclusion
        assert "share of falls" not in conclusion

    def test_a_secondary_analysis_is_not_in_the_conclusion(self, results, host):
        second = replace(results, outcomes=[replace(results.outcomes[0], primary=False)])
        assert (
            "sign test"
            not in by_name(bundle.report(second, host))["DiagnosticReport"]["conclusion"]
        )

    def test_a_result_that_is_not_estimable_is_told_with_its_reason(self, results, host):
        nothing = outcome(result=Result.not_estimable("one group is empty"))
        resources = by_name(bundle.report(replace(results, outcomes=[nothing]), host))
        assert list(resources)[3:] == ["Group", "List", "DiagnosticReport", "Provenance"]
        report = resources["DiagnosticReport"]
        assert report["conclusion"].endswith("first-week: not estimable, one group is empty.")
        assert "Not estimable: one group is empty" in report["text"]["div"]

    def test_a_failed_analysis_has_no_statistic_and_is_told_without_its_error(self, results, host):
        failed = outcome(result=None, error="ValueError in x.py, line 1", name="odd")
        resources = bundle.report(replace(results, outcomes=[*results.outcomes, failed]), host)
        assert len(resources) == 10
        assert "odd: failed in this run" in resources[-2]["conclusion"]
        assert "ValueError" not in json.dumps(resources)

    def test_provenance_names_software_plugins_and_all_targets(self, report):
        provenance = report["Provenance"]
        agents = [agent["who"]["display"] for agent in provenance["agent"]]
        assert agents == [
            "abate 0.2.0", "plugin abate_analyses 0.1.0", "plugin abate_mappings 0.2.0",
        ]  # fmt: skip
        targets = [one["reference"] for one in provenance["target"]]
        others = [one for one in report.values() if one["resourceType"] != "CodeSystem"]
        assert targets == names(others)[:-1]

    def test_provenance_gives_inputs_as_counts_and_digests(self, report):
        entities = [entity["what"] for entity in report["Provenance"]["entity"]]
        assert [entity["identifier"]["value"] for entity in entities] == ["i", "d"]
        assert entities[0]["display"].endswith("70 Observation, 10 Patient")

    def test_provenance_says_that_the_server_withholds_rows(self, results, host):
        inputs = replace(results.inputs, withheld=["suppressed"])
        provenance = by_name(bundle.report(replace(results, inputs=inputs), host))["Provenance"]
        words = "The source server withholds rows (suppressed): they are not in the results."
        assert provenance["entity"][0]["what"]["display"].endswith(f"10 Patient. {words}")
        assert words in provenance["text"]["div"]


class TestMembers:
    def test_on_the_source_they_are_named_by_reference(self, listed, host):
        report = by_name(bundle.report(listed, host, target="http://h/"))
        entities = [one["entity"] for one in report["Group"]["member"]]
        assert entities == [{"reference": "Patient/p1"}, {"reference": "Patient/p2"}]
        items = [one["item"] for one in report["List"]["entry"]]
        assert items == [{"reference": "Procedure/x1"}, {"reference": "Procedure/x2"}]
        assert "emptyReason" not in report["List"]

    def test_elsewhere_they_are_named_by_an_identifier(self, listed, host):
        for target in ("", "http://other"):
            report = by_name(bundle.report(listed, host, target=target))
            assert report["Group"]["member"][0]["entity"] == {
                "type": "Patient",
                "identifier": {"system": "http://h/Patient", "value": "p1"},
            }
            assert "reference" not in report["List"]["entry"][0]["item"]

    def test_provenance_names_the_list_of_procedures_as_a_source(self, listed, host):
        report = by_name(bundle.report(listed, host))
        sources = [one["what"].get("reference") for one in report["Provenance"]["entity"]]
        assert sources == [None, None, f"List/{report['List']['id']}"]


class TestNeeds:
    def test_a_code_system_is_no_need_and_nothing_refers_to_it(self, measured, host):
        resources = bundle.report(measured, host)
        assert {*bundle.needs(resources), *bundle.OPTIONAL} == set(bundle.TYPES)
        assert '"reference": "CodeSystem/' not in json.dumps(resources)

    def test_a_reference_comes_after_its_resource(self, measured, host):
        known = set()
        for one in bundle.report(measured, host):
            text = json.dumps(one)
            assert set(re.findall(r'"reference": "([^"]+)"', text)) <= known
            known.add(f"{one['resourceType']}/{one['id']}")


class TestSameAgain:
    @pytest.mark.parametrize("version", ["R4", "R5"])
    def test_the_same_results_give_the_same_bytes(self, measured, host, version, monkeypatch):
        texts = []
        for moment in ("2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"):
            for name in ("group", "measures", "provenance", "diagnostic_report"):
                monkeypatch.setattr(f"abate.report.fhir.{name}.now", lambda moment=moment: moment)
            resources = bundle.report(measured, host, page="<p>page</p>", version=version)
            texts.append(json.dumps(resources).replace(moment, "NOW"))
        assert texts[0] == texts[1]


def test_the_report_of_the_published_study_names_no_resource_of_the_source(
    abate, serve, study_file, study_resources, host
):
    ran = abate("run", study_file, "--set", f"source.url={serve(study_resources)}", "--json")
    assert ran.exit_code == 0
    folder = study_file.parent / "abate-output"
    resources = bundle.report(load(folder), host)
    text = json.dumps(resources)
    assert not [one["id"] for one in study_resources if f"/{one['id']}" in text]
    assert not re.search(r"(?<![0-9a-f.])[0-9a-f]{16}\b", text)  # A pseudonym.
    named = ('"Patient/', '"Procedure/', "Zwitscher", "CANARY")
    assert not [word for word in named if word in text]
