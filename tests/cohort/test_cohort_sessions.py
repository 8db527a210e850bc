"""Several procedures of one patient: sessions, re-treatment, sides, adjuncts."""

from datetime import UTC, datetime

import pytest


def to(*references):
    return [{"reference": one} for one in references]


def excluded(cohort):
    return [one["excluded_by"] for one in cohort.lesions.values()]


@pytest.fixture
def treated_again(study):
    """One site, treated on day 0 and again on day 20, with scores around both."""
    study.procedure()
    study.procedure(study.at(20))
    for day in (-1, 7, 19):
        study.score(day % 10, study.at(day))
    return study


@pytest.mark.parametrize(
    ("repeat", "end", "end_reason", "rule"),
    [
        ("censor", datetime(2021, 3, 30, 4, tzinfo=UTC), "re-treated", "no-open-lesion"),
        ("ignore", datetime(2021, 4, 6, 4, tzinfo=UTC), "last-score", "time"),
    ],
)
def test_a_later_procedure_at_the_site_is_no_new_lesion(
    treated_again, repeat, end, end_reason, rule
):
    late = treated_again.score(1, treated_again.at(27))
    cohort = treated_again.cohort(f"index.repeat={repeat}")
    first = cohort.lesions["procedure-1"]
    assert excluded(cohort) == [None, "re-treatment"]
    assert (first["follow_up_end"], first["end_reason"]) == (end, end_reason)
    assert cohort.rule(late) == rule
    assert cohort.steps["no lesion", "re-treatment"] == 1


def test_a_later_procedure_may_be_a_lesion_of_its_own_that_ends_the_first(treated_again):
    new = treated_again.score(1, treated_again.at(27), site="L1")
    doubtful = treated_again.score(5, treated_again.at(19, "20:00"), site="L1")
    cohort = treated_again.cohort("index.repeat=new")
    assert excluded(cohort) == [None, None]
    assert cohort.scores[new]["lesion_id"] == cohort.lesions["procedure-2"]["lesion_id"]
    assert cohort.lesions["procedure-1"]["end_reason"] == "re-treated"
    assert cohort.not_linked[doubtful] == "ambiguous-body-site"
    assert [row["kind"] for row in cohort.cohort.events.iter_rows(named=True)] == ["re-treatment"]


def test_a_score_after_the_re_treatment_counts_for_nothing_even_by_its_focus(study):
    procedure = study.procedure()
    study.procedure(study.at(7))
    again = study.procedure(study.at(8, "20:00"))
    focus = to(f"Procedure/{procedure}")
    scores = [study.score(3, study.at(7, clock), focus=focus) for clock in ("12:00", "12:01")]
    dated = study.score(4, study.on(7), focus=focus)
    other = study.score(3, study.at(9), focus=to(f"Procedure/{again}"))
    cohort = study.cohort()
    assert cohort.visits(*scores, dated) == ["Wk1", "after-re-treatment", "after-re-treatment"]
    assert cohort.not_linked == {other: "focus-elsewhere"}
    assert excluded(cohort) == [None, "re-treatment", "re-treatment"]


def test_a_procedure_within_a_day_is_of_the_same_session(study):
    study.procedure(study.at(0, "10:00"))
    again = study.procedure(study.at(1, "10:00"))
    score = study.score(2, study.at(7), focus=to(f"Procedure/{again}"))
    between = study.score(4, study.at(1, "08:00"))
    cohort = study.cohort()
    assert excluded(cohort) == [None, "same-session"]
    assert cohort.scores[score]["lesion_id"] == cohort.lesions["procedure-1"]["lesion_id"]
    assert cohort.visits(score, between) == ["Wk1", "during-procedure"]


def test_a_procedure_after_a_day_and_a_minute_is_a_re_treatment(study):
    study.procedure(study.at(0, "10:00"))
    study.procedure(study.at(1, "10:01"))
    assert excluded(study.cohort()) == ["no-score", "re-treatment"]


def test_a_session_is_measured_from_its_first_procedure(study):
    for start in (study.at(0, "10:00"), study.at(1, "06:00"), study.at(1, "22:00")):
        study.procedure(start)
    last = study.procedure(study.at(2, "20:00"))
    score = study.score(1, study.at(7), focus=to(f"Procedure/{last}"))
    cohort = study.cohort()
    # 20 hours: the first session; 36: a re-treatment; 22 after that: the session of that.
    assert excluded(cohort) == ["no-score", "same-session", "re-treatment", "same-session"]
    assert cohort.not_linked == {score: "focus-elsewhere"}


@pytest.mark.parametrize(("day", "fault"), [(0, "same-session"), (1, "re-treatment")])
def test_of_two_dates_only_one_day_is_one_session(study, day, fault):
    study.procedure(study.on(0))
    study.procedure(study.on(day))
    assert excluded(study.cohort()) == ["no-score", fault]


def test_two_procedures_without_a_site_on_one_day_are_one_session(study):
    study.procedure(study.on(0), site=None)
    study.procedure(study.at(0, "10:00"), site=None)
    before, after = study.score(7, study.on(-1)), study.score(3, study.at(7))
    cohort = study.cohort()
    assert excluded(cohort) == [None, "same-session"]
    assert cohort.visits(before, after) == ["baseline", "Wk1"]


@pytest.mark.parametrize(
    "again",
    [
        {"reasonReference": [{"reference": "Condition/two"}]},
        {"bodySite": [{"text": "somewhere else"}]},
        {"site": "L1"},
        {"start": ("2", "10:00")},
    ],
    ids=["other reason", "site in words", "a site", "two days later"],
)
def test_what_tells_two_procedures_apart_makes_two_lesions(study, again):
    if "start" in again:
        again = {"start": study.at(2, "10:00")}
    study.procedure(site=None, reasonReference=[{"reference": "Condition/one"}])
    study.procedure(**{"site": None} | again)
    assert excluded(study.cohort()) == ["no-score", "no-score"]


def test_a_score_that_names_one_of_two_procedures_makes_two_lesions(study):
    first, second = study.procedure(site=None), study.procedure(site=None)
    score = study.score(3, study.at(7), focus=to(f"Procedure/{second}"))
    cohort = study.cohort()
    assert excluded(cohort) == ["no-score", None]
    assert cohort.scores[score]["lesion_id"] == cohort.lesions[second]["lesion_id"]
    assert first in cohort.lesions


def test_a_session_adds_its_further_sites_to_its_lesion(study):
    study.procedure(study.at(0, "10:00"), site="L1")
    study.procedure(study.at(0, "11:00"), site=["L1", "scapula"])
    before = study.score(8, study.at(-1), site="scapula")
    score = study.score(2, study.at(7), site="scapula")
    study.procedure(study.at(30), site="scapula")
    cohort = study.cohort()
    assert excluded(cohort) == [None, "same-session", "re-treatment"]
    assert [cohort.rule(one) for one in (before, score)] == ["body-site", "body-site"]
    first = cohort.lesions["procedure-1"]
    assert (first["site"], first["end_reason"]) == ("L1", "re-treated")


def test_a_further_site_of_a_session_ends_the_follow_up_of_an_earlier_lesion_there(study):
    study.procedure(site="scapula")
    before, late = study.score(8, study.at(-1)), study.score(1, study.at(27), site="scapula")
    study.procedure(study.at(20, "10:00"), site="L1")
    study.procedure(study.at(20, "11:00"), site=["L1", "scapula"])
    cohort = study.cohort()
    assert cohort.lesions["procedure-1"]["end_reason"] == "re-treated"
    assert cohort.rule(before) == "time"
    assert cohort.scores[late]["lesion_id"] == cohort.lesions["procedure-2"]["lesion_id"]


def test_a_procedure_at_the_sites_of_two_lesions_of_one_day_joins_them_not(study):
    study.procedure(study.at(0, "10:00"), site="L1")
    study.procedure(study.at(0, "11:00"), site="scapula")
    study.procedure(study.at(0, "12:00"), site=["L1", "scapula"])
    scores = [study.score(2, study.at(7), site=one) for one in ("L1", "scapula")]
    cohort = study.cohort()
    assert excluded(cohort) == [None, None, "same-session"]
    assert [cohort.rule(one) for one in scores] == ["body-site", "body-site"]
    assert {one["end_reason"] for one in cohort.lesions.values()} == {"last-score", None}


def test_two_sides_are_two_lesions_and_an_unsided_score_is_ambiguous(study):
    study.procedure(site="acetabulum, left")
    study.procedure(site="acetabulum, right")
    unsided = study.score(4, study.at(7), site="acetabulum")
    right = study.score(3, study.at(7), site="acetabulum, right")
    cohort = study.cohort()
    assert excluded(cohort) == ["no-score", None]
    assert cohort.lesions["procedure-2"]["side"] == "right"
    assert cohort.scores[right]["lesion_id"] == cohort.lesions["procedure-2"]["lesion_id"]
    assert cohort.not_linked == {unsided: "ambiguous-body-site"}


def test_one_procedure_of_both_sides_is_one_lesion_that_either_side_treats_again(study):
    study.procedure(site="acetabulum, left, right")
    study.procedure(study.at(20), site="acetabulum, right")
    score = study.score(4, study.at(7), site="acetabulum")
    cohort = study.cohort()
    assert excluded(cohort) == [None, "re-treatment"]
    assert cohort.lesions["procedure-1"]["side"] == "both"
    assert cohort.lesions["procedure-1"]["end_reason"] == "re-treated"
    assert cohort.rule(score) == "body-site"


def test_an_adjunct_is_at_the_lesion_within_its_hours(study):
    cases = [
        (study.at(-1, "12:00"), "L1", "completed", True),
        (study.at(-1, "10:00"), None, "completed", True),
        (study.at(-1, "09:59"), "L1", "completed", False),
        (study.on(-1), "L1", "completed", True),
        (study.on(-2), "L1", "completed", False),
        ("2021-03", "L1", "completed", False),
        (study.at(-1, "12:00"), "scapula", "completed", False),
        (study.at(-1, "12:00"), "L1", "stopped", False),
    ]
    expected = {}
    for patient, (start, site, status, is_adjunct) in study.patients(cases):
        expected[study.procedure(patient=patient)] = is_adjunct
        study.procedure(start, code="rfa", site=site, status=status, patient=patient)
    cohort = study.cohort()
    found = set(cohort.cohort.adjuncts["lesion_id"])
    assert {name: one["lesion_id"] in found for name, one in cohort.lesions.items()} == expected
    assert set(cohort.cohort.adjuncts["kind"]) == {"rfa"}


def test_an_adjunct_goes_to_the_nearest_site_and_never_to_the_other_side(study):
    study.procedure(site="acetabulum, left")
    study.procedure(site="ilium, left")
    study.procedure(site="ilium, right")
    study.procedure(study.at(0, "09:00"), code="rfa", site="ilium, left")
    cohort = study.cohort()
    lesion = cohort.lesions["procedure-2"]["lesion_id"]
    assert cohort.cohort.adjuncts["lesion_id"].to_list() == [lesion]
