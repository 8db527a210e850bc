"""Which visit a score falls into, and which score stands for a visit."""

import pytest

from abate.config import reader
from abate.errors import StudyFileError


def test_a_window_holds_its_first_and_its_last_day_and_no_other(study):
    study.procedure()
    scores = [study.score(day % 10, study.at(day)) for day in (1, 2, 4, 5, 10, 11, 24, 25, 41, 42)]
    cohort = study.cohort()
    assert cohort.visits(*scores[:-1]) == [
        "D1", "between-visits", "between-visits", "Wk1", "Wk1", "between-visits",
        "between-visits", "M1", "M1",
    ]  # fmt: skip
    assert cohort.not_linked == {scores[-1]: "no-open-lesion"}


def test_a_score_after_the_last_window_is_left_out_even_if_its_focus_is_the_procedure(study):
    procedure = study.procedure()
    late = study.score(2, study.at(42), focus=[{"reference": f"Procedure/{procedure}"}])
    assert study.cohort().visits(late) == ["after-last-visit"]


def test_windows_that_share_a_day_are_refused(study):
    with pytest.raises(StudyFileError, match="'D1' and 'D2' overlap on day 1"):
        study.cohort("visits.D2={day=2, from=1, to=3}")


def test_windows_that_only_touch_are_fine(study):
    study.procedure()
    two, three = study.score(1, study.at(2)), study.score(2, study.at(3))
    cohort = study.cohort("visits.D2={day=2, from=2, to=2}", "visits.D3={day=3, from=3, to=4}")
    assert cohort.visits(two, three) == ["D2", "D3"]


@pytest.mark.parametrize(
    ("per_visit", "chosen"),
    [("nearest", 3), ("worst", 9), ("first", 6), ("last", 1), ("median", 5)],
)
def test_one_score_of_five_stands_for_the_visit(study, per_visit, chosen):
    study.procedure()
    for day, value in ((5, 6), (6, 9), (7, 3), (9, 5), (10, 1)):
        study.score(value, study.at(day))
    cohort = study.cohort(f"scores.per_visit={per_visit}")
    assert cohort.chosen("Wk1") == [chosen]
    assert cohort.left_out() == {"another-chosen": 4}


def test_at_equal_distance_from_the_target_day_the_higher_stands(study):
    study.procedure()
    study.score(2, study.at(6))
    study.score(4, study.at(8))
    study.score(9, study.at(5))
    assert study.cohort().chosen("Wk1") == [4]


def test_the_median_of_an_even_number_is_the_higher_of_the_middle_two(study):
    study.procedure()
    for hour, value in (("08:00", 1), ("10:00", 6), ("12:00", 4), ("14:00", 9)):
        study.score(value, study.at(7, hour))
    assert study.cohort("scores.per_visit=median").chosen("Wk1") == [6]


def test_scores_dated_on_one_day_are_not_at_one_instant_so_the_median_is_of_all(study):
    study.procedure()
    for value in (9, 3, 5):
        study.score(value, study.on(7))
    assert study.cohort("scores.per_visit=median").chosen("Wk1") == [5]


@pytest.mark.parametrize("per_visit", ["first", "last"])
def test_of_scores_dated_on_one_day_the_higher_stands(study, per_visit):
    study.procedure()
    for value in (3, 8, 5):
        study.score(value, study.on(7))
    assert study.cohort(f"scores.per_visit={per_visit}").chosen("Wk1") == [8]


def test_identical_duplicates_collapse_and_are_counted(study):
    study.procedure()
    for value in (2, 2, 2, 6, 9):
        study.score(value, study.at(7, "09:00") if value == 2 else study.at(7, "15:00"))
    study.score(6, study.at(7, "15:00"))
    cohort = study.cohort("scores.per_visit=median")
    # Without collapsing, the median of 2 2 2 9 were 2.
    assert cohort.chosen("Wk1") == [9]
    assert cohort.left_out() == {"duplicate": 3, "same-instant-lower": 1, "another-chosen": 1}


def test_one_instant_in_two_time_zones_is_one_instant(study):
    study.procedure()
    study.score(3, "2021-03-17T08:00:00+08:00")
    study.score(3, "2021-03-17T00:00:00Z")
    assert study.cohort().left_out() == {"duplicate": 1}


def test_scores_of_one_instant_in_two_contexts_do_not_meet(study):
    study.procedure()
    study.score(2, study.at(7), context="rest")
    moving = study.score(8, study.at(7), context="movement")
    cohort = study.cohort("scores.context=rest")
    assert cohort.chosen("Wk1") == [2]
    assert cohort.not_linked == {moving: "other-context"}


def test_later_on_the_day_of_the_procedure_is_a_visit_of_its_own(study):
    study.procedure()
    study.score(1, study.at(0, "12:00"))
    study.score(4, study.at(0, "18:00"))
    study.score(3, study.at(7))
    cohort = study.cohort()
    # All of that day are equally near: the higher stands.
    assert cohort.chosen("D0-after") == [4]
    assert cohort.chosen("baseline") == []
    assert study.cohort("scores.per_visit=first").chosen("D0-after") == [1]


def test_the_name_of_the_visit_that_abate_makes_is_taken(study):
    study.procedure()
    with pytest.raises(StudyFileError, match="D0-after"):
        reader.read(study.written(), ["visits.D0-after=1"])
