"""The first documented score is the first in time, also if another one has only a date."""


def test_a_score_with_only_a_date_after_the_procedure_is_not_the_first(study):
    study.procedure(study.at(0, "10:00"))
    study.score(8, study.at(0, "08:00"))
    dated = study.score(3, study.on(0))
    study.score(5, study.at(7))
    cohort = study.cohort("visits.baseline.same_day=after")
    assert cohort.visits(dated) == ["D0-after"]
    pairs = cohort.cohort.pairs(reference="first", endpoint="Wk1").frame
    assert pairs.select("reference", "endpoint", "change").rows() == [(8, 5, -3)]


def test_one_before_the_procedure_is(study):
    study.procedure(study.at(0, "10:00"))
    study.score(3, study.on(0))
    study.score(8, study.at(0, "12:00"))
    study.score(5, study.at(7))
    pairs = study.cohort().cohort.pairs(reference="first", endpoint="Wk1").frame
    assert pairs["reference"].to_list() == [3]
