"""A result that rests on a few of the treated lesions says so first."""

from dataclasses import replace

import pytest

from abate import Estimate, Result
from abate.analysis.results import Step
from abate.report.thin import describe_thin


@pytest.fixture
def thin(tiny, outcome):
    """3 of 81 analysed lesions are in the primary result, of 1,132 treated."""
    key = Estimate(name="falls", value=2, n=3, method="count", population="pairs", key=True)
    return replace(
        tiny,
        lesions=81,
        outcomes=[outcome(Result(estimates=[key]), primary=True)],
        attrition=[
            Step(stage="treated", reason="", unit="lesion", n=1132),
            Step(stage="excluded", reason="no-score", unit="lesion", n=1020),
            Step(stage="excluded", reason="minimum-after", unit="lesion", n=31),
            Step(stage="analysed", reason="", unit="lesion", n=81),
        ],
    )


def test_the_numbers_and_the_reason_that_took_most(thin):
    assert describe_thin(thin) == (
        "few are in the primary result: 3 of 81 lesions analysed, 1,132 treated. Most were left "
        "out for one reason: no pain score belongs to it (1,020)"
    )


def test_the_first_card_of_the_page_says_it(thin, parsed, text_of, render):
    summary = next(
        section
        for section in parsed(render(thin)).iter("section")
        if section.get("id") == "summary"
    )
    text = text_of(summary)
    assert "Few are in the primary result: 3 of 81 lesions analysed, 1,132 treated." in text
    assert text.index("Few are in") < text.index("Patients analysed")


def test_a_primary_result_that_is_not_estimable_rests_on_nothing(thin, outcome):
    none = replace(thin, outcomes=[outcome(Result.not_estimable("no pair"), primary=True)])
    assert "0 of 81 lesions analysed" in describe_thin(none)


def test_without_a_primary_result_the_analysed_ones_are_compared(thin):
    assert "result: 81 lesions analysed, 1,132 treated" in describe_thin(replace(thin, outcomes=[]))


@pytest.mark.parametrize("lesions", [566, None])
def test_half_of_the_treated_or_a_withheld_number_are_not_thin(thin, lesions):
    assert describe_thin(replace(thin, outcomes=[], lesions=lesions)) == ""
