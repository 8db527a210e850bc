"""The data cut-off: what is later is not known yet. Day 0 of these studies is 2021-03-10."""

from datetime import UTC, date, datetime

CUTOFF = "study.cutoff=2021-03-17"  # day 7


def test_an_index_procedure_after_the_cutoff_is_not_analysed(study):
    for name, day in (("on", 7), ("after", 8)):
        study.patient(name)
        study.procedure(study.at(day, "10:00"), patient=name)
        study.score(5, study.at(day, "08:00"), patient=name)
    cohort = study.cohort(CUTOFF, "scores.minimum_after=0")
    assert [one["excluded_by"] for one in cohort.lesions.values()] == [None, "after-cutoff"]
    assert cohort.steps["no lesion", "after-cutoff"] == 1
    assert cohort.steps["treated", ""] == cohort.steps["analysed", ""]


def test_the_day_of_the_cutoff_is_that_of_the_studys_zone(study):
    study.procedure()
    on = study.score(5, "2021-03-17T15:59:59Z")  # 23:59:59 in Hong Kong
    after = study.score(4, "2021-03-17T16:00:00Z")  # midnight of the next day there
    assert study.cohort(CUTOFF).visits(on, after) == ["Wk1", "after-cutoff"]


def test_a_score_after_the_cutoff_stands_for_no_visit_and_is_counted(study):
    study.procedure()
    kept, late = study.score(5, study.at(6)), study.score(1, study.at(9))
    cohort = study.cohort(CUTOFF)
    assert cohort.visits(kept, late) == ["Wk1", "after-cutoff"]
    assert cohort.chosen() == [5]
    assert cohort.left_out() == {"after-cutoff": 1}


def test_a_score_after_the_cutoff_does_not_lengthen_the_follow_up(study):
    study.procedure()
    study.score(5, study.at(6))
    study.score(1, study.at(9))
    lesion = study.cohort(CUTOFF).lesions["procedure-1"]
    assert lesion["follow_up_end"] == datetime(2021, 3, 16, 4, tzinfo=UTC)
    assert lesion["follow_up_days"] == 6


def test_a_death_after_the_cutoff_is_not_known(study):
    study.patient(deceasedDateTime=study.on(8))
    study.procedure()
    study.score(5, study.at(6))
    cohort = study.cohort(CUTOFF)
    lesion = cohort.lesions["procedure-1"]
    assert (lesion["end_reason"], lesion["death"]) == ("last-score", None)
    assert cohort.cohort.events.is_empty()


def test_a_death_on_the_day_of_the_cutoff_is_known(study):
    study.patient(deceasedDateTime=study.on(7))
    study.procedure()
    study.score(5, study.at(6))
    cohort = study.cohort(CUTOFF)
    lesion = cohort.lesions["procedure-1"]
    assert (lesion["end_reason"], lesion["death"]) == ("death", date(2021, 3, 17))
    assert cohort.cohort.events["kind"].to_list() == ["death"]


def test_a_fact_after_the_cutoff_does_not_count(study):
    study.procedure()
    for name, day in (("early", 7), ("late", 8)):
        study.condition(name, code="paralysis", onsetDateTime=study.on(day))
    cohort = study.cohort(CUTOFF)
    assert cohort.cohort.events["at"].to_list() == [date(2021, 3, 17)]
    assert cohort.steps["facts left out", "complication after-cutoff"] == 1


def test_a_re_treatment_after_the_cutoff_does_not_end_the_follow_up(study):
    study.procedure()
    study.procedure(study.at(20, "10:00"))
    study.score(5, study.at(6))
    lesion = study.cohort(CUTOFF).lesions["procedure-1"]
    assert lesion["end_reason"] == "last-score"


def test_without_a_cutoff_nothing_is_left_out_by_it(study):
    study.patient(deceasedDateTime=study.on(40))
    study.procedure()
    score = study.score(5, study.at(28))
    cohort = study.cohort()
    assert cohort.visits(score) == ["M1"]
    assert cohort.lesions["procedure-1"]["end_reason"] == "death"


def test_the_day_of_a_lesion_is_that_of_the_studys_zone(study):
    study.procedure("2021-03-10T16:30:00Z")  # half past midnight of the 11th in Hong Kong
    assert study.cohort().lesions["procedure-1"]["index_day"] == date(2021, 3, 11)
