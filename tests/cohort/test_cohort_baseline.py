"""Before, during and after: the baseline, and scores dated on the day of the procedure."""

import pytest


def test_the_baseline_is_the_last_score_at_or_before_the_start(study):
    study.procedure()
    early, last = study.score(9, study.at(-2)), study.score(6, study.at(0, "10:00"))
    cohort = study.cohort("scores.minimum_after=0", "scores.per_visit=worst")
    assert cohort.chosen("baseline") == [6]
    assert cohort.visits(early, last) == ["baseline", "baseline"]
    assert cohort.left_out() == {"another-chosen": 1}


def test_a_score_before_the_baseline_window_is_left_out(study):
    procedure = study.procedure()
    focus = [{"reference": f"Procedure/{procedure}"}]
    scores = [study.score(5, study.at(day), focus=focus) for day in (-8, -7)]
    assert study.cohort().visits(*scores) == ["outside-baseline-window", "baseline"]


def test_a_baseline_window_may_end_before_the_day_of_the_procedure(study):
    study.procedure()
    scores = [study.score(5, study.at(-1)), study.score(6, study.at(0, "08:00"))]
    cohort = study.cohort("visits.baseline.to=-1")
    assert cohort.visits(*scores) == ["baseline", "outside-baseline-window"]


def test_the_baseline_is_before_the_earliest_adjunct_too(study):
    study.procedure(study.at(0, "06:00"), code="rfa")
    study.procedure(study.at(0, "08:00"), code="rfa")
    study.procedure()
    before, between = study.score(8, study.at(0, "05:00")), study.score(3, study.at(0, "07:00"))
    assert study.cohort().visits(before, between) == ["baseline", "during-procedure"]


def test_an_adjunct_after_the_procedure_moves_no_clock(study):
    study.procedure(study.at(0, "20:00"), code="rfa")
    study.procedure()
    before, after = study.score(8, study.at(0, "10:00")), study.score(3, study.at(0, "12:00"))
    assert study.cohort().visits(before, after) == ["baseline", "D0-after"]


def test_an_adjunct_that_may_be_of_either_lesion_moves_both_clocks(study):
    study.procedure(study.at(0, "06:00"), code="rfa", site=None)
    first = study.procedure(site="L1")
    study.procedure(site="scapula")
    between = study.score(3, study.at(0, "07:00"), site="L1")
    cohort = study.cohort()
    assert cohort.visits(between) == ["during-procedure"]
    assert cohort.scores[between]["lesion_id"] == cohort.lesions[first]["lesion_id"]
    assert cohort.cohort.adjuncts.is_empty()
    assert cohort.steps["adjuncts", "ambiguous"] == 1


def test_a_score_during_the_procedure_is_neither_before_nor_after(study):
    study.procedure()
    scores = [study.score(5, study.at(0, clock)) for clock in ("10:00", "10:01", "11:00", "11:01")]
    assert study.cohort().visits(*scores) == [
        "baseline", "during-procedure", "during-procedure", "D0-after",
    ]  # fmt: skip


def test_a_procedure_of_three_days_has_none_of_its_days_after(study):
    for patient, when in study.patients([study.at, study.on]):
        study.procedure(when(0), when(2), patient=patient)
        for day in (-1, 1, 3, 5):
            study.score(5, study.on(day), patient=patient)
            study.score(6, study.at(day, "09:00"), patient=patient)
    cohort = study.cohort("visits.D3=3")
    expected = ["baseline", "during-procedure", "D3", "Wk1"]
    for first in (1, 2, 9, 10):
        assert cohort.visits(*(f"score-{first + 2 * n}" for n in range(4))) == expected


def test_an_end_that_is_a_date_only_holds_for_its_whole_day(study):
    study.procedure(study.at(0, "10:00"), study.on(1))
    during, late = study.score(5, study.at(0, "12:00")), study.score(4, study.at(1, "20:00"))
    after = study.score(3, study.at(2))
    assert study.cohort("visits.D2=2").visits(during, late, after) == [
        "during-procedure", "during-procedure", "D2",
    ]  # fmt: skip


def test_an_end_before_the_start_is_no_end(study):
    study.procedure(study.at(0, "10:00"), study.at(-3, "11:00"))
    scores = [study.score(5, study.at(0, "09:00")), study.score(4, study.at(0, "10:01"))]
    assert study.cohort().visits(*scores) == ["baseline", "D0-after"]


@pytest.mark.parametrize(
    ("same_day", "visit"),
    [("before", "baseline"), ("after", "D0-after"), ("exclude", "same-day-undetermined")],
)
def test_a_date_only_on_the_day_of_the_procedure_lies_where_the_study_says(study, same_day, visit):
    exact, dated = study.at(0, "10:00"), study.on(0)
    cases = [(exact, dated), (dated, study.at(0, "09:00")), (dated, dated)]
    for patient, (start, effective) in study.patients(cases):
        study.procedure(start, patient=patient)
        study.score(5, effective, patient=patient)
    cohort = study.cohort(f"visits.baseline.same_day={same_day}")
    assert cohort.visits("score-1", "score-2", "score-3") == [visit] * 3


def test_dates_only_of_that_day_with_different_values_are_ambiguous(study):
    study.procedure()
    scores = [study.score(value, study.on(0)) for value in (8, 8, 3)]
    study.score(6, study.at(-1))
    cohort = study.cohort()
    assert [cohort.scores[one]["left_out_by"] for one in scores] == ["same-day-ambiguous"] * 3
    assert cohort.chosen("baseline") == [6]


def test_dates_only_of_that_day_with_one_value_are_one_score(study):
    study.procedure()
    study.score(8, study.on(0))
    study.score(8, study.on(0))
    cohort = study.cohort()
    assert cohort.chosen("baseline") == [8]
    assert cohort.left_out() == {"duplicate": 1}


def test_two_instants_on_the_day_of_a_dated_procedure_are_ambiguous(study):
    study.procedure(study.on(0))
    study.score(8, study.at(0, "08:00"))
    study.score(2, study.at(0, "18:00"))
    assert study.cohort().left_out() == {"same-day-ambiguous": 2}


def test_an_exact_time_before_the_procedure_goes_before_a_date_only(study):
    study.procedure()
    study.score(5, study.on(0))
    study.score(7, study.at(0, "08:00"))
    assert study.cohort().chosen("baseline") == [7]


@pytest.mark.parametrize(
    ("same_day", "visits"),
    [
        ("before", ["baseline", "during-procedure"]),
        ("after", ["during-procedure", "D0-after"]),
        ("exclude", ["same-day-undetermined", "same-day-undetermined"]),
    ],
)
def test_between_an_adjunct_of_the_day_before_and_the_procedure_there_is_no_visit(
    study, same_day, visits
):
    study.procedure(study.at(-1, "15:00"), code="rfa")
    study.procedure()
    scores = [study.score(6, study.on(-1)), study.score(4, study.on(0))]
    assert study.cohort(f"visits.baseline.same_day={same_day}").visits(*scores) == visits


def test_an_adjunct_with_a_date_only_leaves_its_day_undetermined(study):
    study.procedure(study.on(0), code="rfa")
    study.procedure()
    scores = [study.score(6, study.at(0, "08:00")), study.score(2, study.at(0, "12:00"))]
    assert study.cohort().visits(*scores) == ["baseline", "D0-after"]
    excluding = study.cohort("visits.baseline.same_day=exclude")
    assert excluding.visits(*scores) == ["same-day-undetermined", "D0-after"]
