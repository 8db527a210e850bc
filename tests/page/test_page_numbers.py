"""All numbers of the results stand on the page, each as it is published and with its name."""

import re
from dataclasses import replace

import pytest

from abate import Estimate
from abate.report.page.formatting import number, p_value, percent, shown


def test_every_number_of_every_estimate_is_on_the_page(study, study_tree):
    there = {(one.get("data-of"), float(one.get("value"))) for one in study_tree.iter("data")}
    numbers = list(_numbers(study))
    assert len(numbers) > 300
    assert [one for one in numbers if one not in there] == []


def test_every_count_of_the_attrition_is_on_the_page(study, study_tree, text_of):
    [table] = [
        one for one in study_tree.iter("table") if text_of(one[0]) == "Attrition, step by step"
    ]
    rows = [[text_of(cell) for cell in row] for row in table.findall("tbody/tr")]
    assert rows == [
        [one.stage, one.reason or "all", one.unit, str(one.n)] for one in study.attrition
    ]


def test_every_figure_of_the_paper_is_on_the_page(study, study_tree, text_of):
    [table] = [one for one in study_tree.iter("table") if "The paper's figures" in text_of(one[0])]
    ids = {text_of(row[0]) for row in table.findall("tbody/tr")}
    assert ids == {figure.id for figure in study.comparisons}


def test_figures_that_are_not_equal_have_a_section_of_their_own(study, study_tree, text_of):
    [section] = [one for one in study_tree.iter("section") if one.get("id") == "disagreements"]
    unequal = [figure for figure in study.comparisons if figure.agrees is False]
    assert unequal
    for figure in unequal:
        assert figure.title in text_of(section)
        assert all(" ".join(remark.split()) in text_of(section) for remark in figure.remarks)


def test_every_method_is_among_the_methods(study, study_tree, text_of):
    [section] = [one for one in study_tree.iter("section") if one.get("id") == "methods"]
    methods = {e.method for one in study.outcomes if one.result for e in one.result.estimates}
    assert {one for one in methods if one not in text_of(section)} == set()


def test_outcomes_stand_in_the_order_of_the_study_file(study, study_tree):
    ids = [one.get("id") for one in study_tree.iter("section") if "outcome" in one.get("class", "")]
    assert ids == [f"analysis-{one.name}" for one in study.outcomes]


def test_the_summary_says_who_and_the_primary_test(tiny, text_of, parsed, render):
    [summary] = [one for one in parsed(render(tiny)).iter("section") if one.get("id") == "summary"]
    words = text_of(summary)
    assert "11 lesions of 10 patients were analysed" in words
    assert "share of falls 0.8889 (falls 8, rises 1), p = 0.039 (exact sign test)" in words
    assert "median change \u22121.5 points (\u22125 to \u22120.5, 95 % confidence" in words


def summary_of(results, text_of, parsed, render):
    [summary] = [
        one for one in parsed(render(results)).iter("section") if one.get("id") == "summary"
    ]
    return text_of(summary)


def with_estimates(results, *estimates):
    [outcome] = results.outcomes
    result = replace(outcome.result, estimates=estimates, tables=[], charts=[])
    return replace(results, outcomes=[replace(outcome, result=result)])


def test_of_a_result_without_a_key_estimate_the_first_one_stands_in_the_summary(
    tiny, text_of, parsed, render
):
    plain = [replace(one, key=False) for one in tiny.outcomes[0].result.estimates]
    words = summary_of(with_estimates(tiny, *plain), text_of, parsed, render)
    assert "median change" in words
    assert "share of falls" not in words


def test_a_key_estimate_that_is_withheld_stands_in_the_summary(shown, text_of, parsed, render):
    words = summary_of(shown, text_of, parsed, render)
    assert re.search(r"share of falls (\S+ )?withheld", words)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (2.25, "2.25"),
        (-1.5, "\u22121.5"),
        (8 / 9, "0.8889"),
        (100_000, "100\u202f000"),
        (0.00001234, "0.000012"),
        (123456.7, "123\u202f457"),
    ],
)
def test_a_number_has_up_to_four_digits_that_count(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0390625, "0.039"),
        (0.125, "0.125"),
        (0.0002, "< 0.001"),
        (1, "1"),
        (0.0499, "0.0499"),
        (0.05, "0.050"),
        (0.0946, "0.095"),
    ],
)
def test_a_p_value_is_not_rounded_over_a_limit(p, text):
    assert p_value(p) == text


def test_a_share_is_a_percentage_with_its_interval(tiny):
    share = tiny.outcomes[0].result["fall-2"]
    assert shown("a", share).text == "50\u202f%"
    assert shown("a", share, "low").text == "18.7\u202f%"
    assert percent(8 / 9) == "88.9\u202f%"


def test_a_number_names_what_it_is_of(tiny):
    result = tiny.outcomes[0].result
    assert shown("first-week", result["sign-test"], "p").of == "first-week/sign-test#p"
    assert shown("first-week", result["median-change"]).of == "first-week/median-change"
    assert shown("first-week", result["fall-2"], "count:numerator").exact == "5"


def test_what_cannot_be_estimated_says_so():
    empty = Estimate(name="m", value=None, n=0, method="median", population="nobody")
    assert shown("a", empty).text == "not estimable"


def _numbers(results):
    for outcome in results.outcomes:
        for one in outcome.result.estimates if outcome.result else ():
            name = f"{outcome.name}/{one.name}"
            ends = [one.interval.low, one.interval.high] if one.interval else [None, None]
            numbers = {"": one.value, "#n": one.n, "#p": one.p, "#low": ends[0], "#high": ends[1]}
            numbers |= {f"#count:{key}": count for key, count in one.counts.items()}
            yield from ((name + key, round(n, 6)) for key, n in numbers.items() if n is not None)
