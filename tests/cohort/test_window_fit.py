"""Visits that do not fit the days of the scores are named."""

from abate.cohort.window_fit import find_misfit


def test_where_most_scores_are_at_a_visit_nothing_is_said(study):
    study.procedure()
    for day in (-1, 7, 7, 50):
        study.score(3, study.at(day, f"{10 + day % 7}:00"))
    assert find_misfit(study.cohort().cohort) == ""


def test_the_gap_with_most_scores_is_named_and_the_visits_without_one(study):
    study.procedure()
    study.score(8, study.at(-1))
    for day in (12, 13, 3):
        study.score(3, study.at(day))
    assert find_misfit(study.cohort().cohort) == (
        "the visits fit the data badly: 3 pain scores after the procedure are at no visit, and 0 "
        "are at one. Most of them (2) are between Wk1 and M1, days 11 to 24; no score is at "
        "D1, Wk1, M1. Change [visits]"
    )


def test_scores_after_the_last_visit(study):
    study.procedure()
    for day in (150, 160):
        study.score(3, study.at(day))
    assert find_misfit(study.cohort("scores.minimum_after=0").cohort) == (
        "the visits fit the data badly: 2 pain scores are outside the days of all visits, and "
        "none is at a visit after the procedure. Change [visits]"
    )
