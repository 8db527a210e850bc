"""What the page says, and what it must not say."""

from dataclasses import replace

import pytest

from abate import ComparedFigure, Estimate, Result, Table
from abate.disclosure import make_release, rule_of
from abate.report.page import document

HOSTILE = "<script>alert('\"&x')</script>"


def test_a_local_page_says_that_it_is_not_for_release(tiny, parsed, text_of, render):
    banner = parsed(render(tiny)).find("body/p")
    assert text_of(banner).startswith("Small cells: not for release.")


def test_a_released_page_says_its_rule(shown, parsed, text_of, render):
    banner = parsed(render(shown)).find("body/p")
    assert text_of(banner) == "Rule of small cells: 5. Small cells are hidden."


def test_only_a_local_page_names_the_run_and_the_server(tiny, shown, render):
    local, public = render(tiny), render(shown)
    for word in (tiny.run_id, tiny.inputs.server):
        assert word in local
        assert word not in public


def test_the_same_results_give_the_same_page(study, study_page, render):
    assert render(study) == study_page


def test_two_runs_with_the_same_results_give_the_same_released_page(tiny, render):
    rule = rule_of(1)
    one = render(make_release(tiny, rule))
    elsewhere = replace(tiny.inputs, server="http://other.test/fhir")
    other = replace(tiny, run_id="20270101T000000Z-ffff", inputs=elsewhere)
    assert render(make_release(other, rule)) == one


def test_what_is_withheld_stands_nowhere(shown, parsed, text_of, render):
    html = render(shown)
    assert "0.039062" not in html
    assert "sign-test#" not in html
    [row] = [
        row
        for table in parsed(html).iter("table")
        if table.get("class") == "estimates"
        for row in table.iter("tr")
        if text_of(row[0]) == "share of falls"
    ]
    assert [text_of(cell) for cell in row][1:5] == ["withheld", "", "withheld", ""]


def test_a_withheld_step_is_no_number(shown, parsed, text_of, render):
    root = parsed(render(shown))
    [flow] = [one for one in root.iter("ol") if one.get("class") == "flow"]
    assert "Excluded withheld patients, withheld lesions" in text_of(flow)


def test_withheld_totals_are_words_too(shown, parsed, text_of, render):
    root = parsed(render(replace(shown, patients=None, lesions=None)))
    [tiles] = [one for one in root.iter("dl") if one.get("class") == "tiles"]
    assert "Patients analysed withheld Lesions analysed withheld" in text_of(tiles)


def test_single_lesions_are_named_only_where_the_results_name_them(tiny, shown, render):
    assert "lesion 6 at M5" in render(tiny)
    assert "lesion 6 at M5" not in render(shown)


@pytest.mark.parametrize("where", ["title", "reporter", "study", "version"])
def test_hostile_text_of_the_study_stays_text(tiny, where, parsed, render):
    html = render(replace(tiny, **{where: HOSTILE}))
    assert HOSTILE not in html
    assert HOSTILE in "".join(parsed(html).itertext())


def test_hostile_text_of_a_plugin_stays_text(tiny, outcome, parsed, render):
    estimate = Estimate(
        name="x", label=HOSTILE, value=1, n=1, method=HOSTILE, population=HOSTILE, note=HOSTILE,
        counts={HOSTILE: 1}, cases=[HOSTILE],
    )  # fmt: skip
    table = Table(name=HOSTILE, title=HOSTILE, columns=[HOSTILE], rows=[[HOSTILE]])
    result = Result(estimates=[estimate], tables=[table], notes=[HOSTILE])
    more = {"plugin": HOSTILE, "plugin_version": HOSTILE}
    html = render(replace(tiny, outcomes=[outcome(result, **more)]))
    assert "<script" not in html
    assert parsed(html).find(".//script") is None


def test_what_is_not_estimable_says_why(tiny, outcome, parsed, text_of, render):
    html = render(replace(tiny, outcomes=[outcome(Result.not_estimable("one group is empty"))]))
    assert "Not estimable: one group is empty." in text_of(parsed(html))
    assert "The primary endpoint, first-week, is not estimable" in text_of(parsed(html))


def test_an_analysis_that_failed_is_named_in_the_summary(tiny, outcome, parsed, text_of, render):
    failed = outcome(None, name="broken", primary=False, error="it stopped: ValueError")
    root = parsed(render(replace(tiny, outcomes=[*tiny.outcomes, failed])))
    [summary] = [one for one in root.iter("section") if one.get("id") == "summary"]
    assert "1 of 2 analyses failed" in text_of(summary)
    assert "broken" in text_of(summary)
    [section] = [one for one in root.iter("section") if one.get("id") == "analysis-broken"]
    assert "it stopped: ValueError" in text_of(section)


def test_a_disagreement_with_the_paper_is_said_first(tiny, parsed, text_of, render):
    figure = ComparedFigure(
        id="13", title="persistence", rule="every later visit", paper=9, ours=8, n=9,
        agrees=False, remarks=["lesion 6 at M5"],
    )  # fmt: skip
    root = parsed(render(replace(tiny, comparisons=[figure])))
    [section] = [one for one in root.iter("section") if one.get("id") == "disagreements"]
    assert "the paper 9, this report 8 (n 9)" in text_of(section)
    assert "lesion 6 at M5" in text_of(section)
    [summary] = [one for one in root.iter("section") if one.get("id") == "summary"]
    assert "1 of 1 figures are not equal to the paper's" in text_of(summary)


def test_it_says_that_no_person_has_reviewed_it(tiny, parsed, text_of, render):
    words = text_of(parsed(render(tiny)))
    assert "computed by software, not reviewed by a person" in words
    assert "The report is preliminary until a person has reviewed and signed it." in words


def test_the_flow_tells_who_left_and_why(tiny, parsed, text_of, render):
    root = parsed(render(tiny))
    [flow] = [one for one in root.iter("ol") if one.get("class") == "flow"]
    boxes = [text_of(one) for one in flow]
    reason = "no pain score belongs to it"
    assert boxes == [
        "Index procedures 13 procedures",
        f"Treated 12 patients, 13 lesions Excluded 2 patients, 2 lesions {reason}: 2",
        "Analysed 10 patients, 11 lesions",
    ]


def test_the_methods_tell_the_rules_of_the_study_file(tiny, parsed, text_of, render):
    root = parsed(render(tiny))
    [section] = [one for one in root.iter("section") if one.get("id") == "methods"]
    words = text_of(section)
    assert "the code list cementoplasty; a later procedure at the same site ends" in words
    assert "the last score from day \u22127 to day 0" in words
    assert "http://loinc.org|72514-3" in words
    assert "Wk1 7 5 10" in words
    assert "first-week paired-change primary endpoint: Wk1" in words


def test_a_page_of_nothing_still_stands(tiny, parsed, text_of, render):
    empty = replace(tiny, outcomes=[], attrition=[], design={}, synthetic=False)
    root = parsed(render(empty))
    assert "No analysis of the study file is marked as the primary one" in text_of(root)
    assert "test data" not in text_of(root)


def test_a_broken_chart_costs_only_itself(tiny, outcome, course, parsed, text_of):
    result = tiny.outcomes[0].result
    broken = replace(course, name="broken", title="Broken", spec={"mark": "nonsense"})
    result = replace(result, charts=[broken, *result.charts])
    root = parsed(document.render(replace(tiny, outcomes=[outcome(result)])))
    drawn, whole = root.findall(".//figure")
    assert "This chart is not drawn" in text_of(drawn)
    assert whole.find(".//svg") is not None


def test_the_page_says_that_the_server_withholds_rows(shown, render):
    inputs = replace(shown.inputs, withheld=["59204", "suppressed"])
    words = "The source server withholds rows (59204, suppressed): they are not in the results."
    html = render(replace(shown, inputs=inputs, design={"study": {}}))
    assert html.count(words) == 2, "in the methods and in the provenance"
    assert "withholds rows" not in render(shown)
