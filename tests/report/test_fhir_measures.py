"""A proportion as Measure and MeasureReport."""

from dataclasses import replace

import pytest

from abate.fhir.canonical import measure_url
from abate.report.fhir import bundle

BASIS = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-populationBasis"


@pytest.fixture
def report(measured, host):
    """The resources of the report by type; there is one Measure."""
    return {one["resourceType"]: one for one in bundle.report(measured, host)}


def counts(populations):
    return {one["code"]["coding"][0]["code"]: one["count"] for one in populations}


def changed(results, **changes):
    """The results with another Measured."""
    [outcome] = results.outcomes
    measures = [replace(one, **changes) for one in outcome.result.measures]
    return replace(
        results, outcomes=[replace(outcome, result=replace(outcome.result, measures=measures))]
    )


def version_of(results, host):
    return next(
        one["version"] for one in bundle.report(results, host) if one["resourceType"] == "Measure"
    )


class TestMeasure:
    def test_it_counts_procedures_and_is_an_experimental_draft(self, report):
        measure = report["Measure"]
        assert {"url": BASIS, "valueCode": "Procedure"} in measure["extension"]
        assert (measure["status"], measure["experimental"]) == ("draft", True)

    def test_its_url_is_ours_and_the_report_names_it(self, report):
        measure = report["Measure"]
        assert measure["url"] == measure_url(measure["id"])
        assert report["MeasureReport"]["measure"] == measure["url"]

    def test_its_criteria_are_the_words_of_the_analysis(self, report, measured):
        [group] = report["Measure"]["group"]
        found = {
            one["code"]["coding"][0]["code"]: one["criteria"]["description"]
            for one in group["population"]
        }
        assert found == measured.outcomes[0].result.measures[0].criteria
        languages = {one["criteria"]["language"] for one in group["population"]}
        assert languages == {"text/cql"}

    def test_a_criterion_is_an_identifier_of_cql_and_so_true_of_nothing_else(self, report):
        [group] = report["Measure"]["group"]
        expressions = [one["criteria"]["expression"] for one in group["population"]]
        assert expressions[2] == '"first-week fall-2: numerator"'
        assert len(set(expressions)) == 3

    def test_a_stratifier_has_a_code_and_so_no_component(self, report):
        # mea-1: https://hl7.org/fhir/R4/measure.html
        [group] = report["Measure"]["group"]
        assert [set(one) for one in group["stratifier"]] == [{"code", "description"}] * 2
        [counted] = report["MeasureReport"]["group"]
        codes = [[one["code"]] for one in group["stratifier"]]
        assert [one["code"] for one in counted["stratifier"]] == codes

    def test_its_version_stays_when_only_the_numbers_change(self, measured, host):
        later = replace(measured, patients=9, run_id="another", study_digest="x")
        assert version_of(later, host) == version_of(measured, host)

    @pytest.mark.parametrize(
        "change", [{"criteria": {"numerator": "any fall"}}, {"title": "any"}, {"strata": {}}]
    )
    def test_its_version_changes_with_the_definition(self, measured, host, change):
        assert version_of(changed(measured, **change), host) != version_of(measured, host)

    def test_its_version_changes_with_the_visits_of_the_study_file(self, measured, host):
        other = replace(measured, design={"visits": {"D1": 2}})
        assert version_of(other, host) != version_of(measured, host)

    def test_a_measure_without_strata_has_no_stratifier(self, measured, host):
        for one in bundle.report(changed(measured, strata={}), host):
            if one["resourceType"] in ("Measure", "MeasureReport"):
                assert "stratifier" not in one["group"][0]


class TestMeasureReport:
    def test_its_numbers_are_those_of_the_estimates(self, report):
        [group] = report["MeasureReport"]["group"]
        assert counts(group["population"]) == {
            "initial-population": 11, "denominator": 10, "numerator": 5,
        }  # fmt: skip
        assert group["measureScore"] == {"value": 0.5}  # No unit: a proportion has none.

    def test_it_has_every_population_of_its_measure_and_the_same_code(self, report):
        [defined], [counted] = report["Measure"]["group"], report["MeasureReport"]["group"]
        codes = [[one["code"] for one in group["population"]] for group in (defined, counted)]
        assert codes[0] == codes[1]
        assert defined["code"] == counted["code"]

    @pytest.mark.parametrize("place", [0, 1])
    def test_its_strata_sum_to_the_whole(self, report, place):
        [group] = report["MeasureReport"]["group"]
        whole, strata = counts(group["population"]), group["stratifier"][place]["stratum"]
        for code in ("denominator", "numerator"):
            assert sum(counts(one["population"])[code] for one in strata) == whole[code]

    def test_a_stratum_is_a_component_with_a_code_and_a_value(self, report):
        # As IHE mADX 3.0.0 asks: https://profiles.ihe.net/QRPH/mADX/
        [adjunct, site] = report["MeasureReport"]["group"][0]["stratifier"]
        assert [one["component"][0]["value"]["text"] for one in site["stratum"]] == [
            "pelvis", "spine",
        ]  # fmt: skip
        for stratum in adjunct["stratum"]:
            [component] = stratum["component"]
            assert component["code"]["coding"][0]["code"] == "adjunct"
            assert "value" not in stratum
            assert stratum["measureScore"]["value"] > 0

    def test_it_is_a_summary_about_the_group_with_the_procedures_as_what_was_evaluated(
        self, report
    ):
        found = report["MeasureReport"]
        assert (found["status"], found["type"]) == ("complete", "summary")
        assert found["subject"] == {"reference": f"Group/{report['Group']['id']}"}
        assert found["evaluatedResource"] == [{"reference": f"List/{report['List']['id']}"}]
        assert found["improvementNotation"] == report["Measure"]["improvementNotation"]
        assert found["period"] == {"start": "2006-10", "end": "2010-08"}

    def test_the_reporter_is_who_the_study_file_says_or_else_the_software(self, measured, host):
        for reporter, display in (("A clinic", "A clinic"), ("", "abate 0.2.0")):
            resources = bundle.report(replace(measured, reporter=reporter), host)
            [found] = [one for one in resources if one["resourceType"] == "MeasureReport"]
            assert found["reporter"] == {"display": display}

    def test_its_date_is_no_part_of_its_digest(self, report):
        later = {**report["MeasureReport"], "date": "2031-01-01T00:00:00Z"}
        assert bundle.digest(later) == bundle.digest_of(report["MeasureReport"])

    def test_of_nobody_there_is_no_score(self, measured, host):
        [outcome] = measured.outcomes
        estimates = [
            replace(one, value=None, n=0, counts={}) if one.name == "fall-2-adjunct-rfa" else one
            for one in outcome.result.estimates
        ]
        result = replace(outcome.result, estimates=estimates)
        empty = replace(measured, outcomes=[replace(outcome, result=result)])
        [found] = [
            one for one in bundle.report(empty, host) if one["resourceType"] == "MeasureReport"
        ]
        stratum = found["group"][0]["stratifier"][0]["stratum"][0]
        assert counts(stratum["population"]) == {"denominator": 0, "numerator": 0}
        assert stratum["measureScore"]["_value"]["extension"][0]["valueCode"] == "unknown"

    def test_a_failed_analysis_has_none(self, measured, host):
        failed = replace(measured.outcomes[0], result=None, error="it stopped")
        kinds = {
            one["resourceType"] for one in bundle.report(replace(measured, outcomes=[failed]), host)
        }
        assert not kinds & {"Measure", "MeasureReport"}
