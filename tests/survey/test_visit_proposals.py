"""Visits are proposed from the days on which pain was scored."""

from itertools import pairwise

import pytest

from abate.survey.visit_proposals import FIRST_WEEK, USUAL, WIDE, propose_visits


def test_without_a_score_after_the_procedure_the_usual_visits_are_kept():
    proposed = propose_visits({-3: 4})
    assert (proposed.visits, proposed.is_from_data) == (USUAL, False)


def test_scores_on_the_days_of_usual_visits():
    proposed = propose_visits({-1: 9, 1: 5, 7: 5, 28: 3, 60: 1, 12: 1})
    assert (proposed.visits, proposed.endpoint) == (USUAL, FIRST_WEEK)


def test_without_scores_in_the_first_week_the_endpoint_is_the_visit_with_most():
    proposed = propose_visits({28: 4, 56: 9})
    assert (proposed.visits, proposed.endpoint) == (USUAL, ("M2",))


def test_scores_far_from_each_other_get_wide_visits_without_the_empty_ones():
    proposed = propose_visits({-200: 3, 3: 1, 100: 20, 350: 30, 330: 30})
    assert [name for name, *_ in proposed.visits] == ["M3", "M12"]
    assert proposed.endpoint == ("M12",)


@pytest.mark.parametrize(
    ("days", "reach"), [({-1: 8, -20: 2}, 7), ({-1: 5, -20: 5}, 30), ({-80: 9, -1: 1}, 90)]
)
def test_the_baseline_reaches_back_to_most_of_the_scores_before(days, reach):
    assert propose_visits({**days, 7: 1}).baseline == reach


@pytest.mark.parametrize("visits", [USUAL, WIDE])
def test_no_windows_overlap(visits):
    spans = sorted((first, last) for _, _, first, last in visits)
    assert all(last < first for (_, last), (first, _) in pairwise(spans))
    assert all(first <= day <= last for _, day, first, last in visits)
