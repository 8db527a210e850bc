"""What became of a lesion at each visit: D1, Wk1 (days 5 to 10), M1 (days 25 to 41)."""

import pytest

NOT_SCORED = "not scored, no death recorded"
LATER = "study.cutoff=2022-01-01"


@pytest.fixture
def states(study):
    """The state of each visit of the first lesion, in the order of the visits."""

    def of(*overrides):
        assembled = study.cohort("scores.minimum_after=0", *overrides)
        lesion = assembled.lesions["procedure-1"]["lesion_id"]
        rows = assembled.cohort.visit_states().iter_rows(named=True)
        return {row["visit"]: row["state"] for row in rows if row["lesion_id"] == lesion}

    return of


def test_a_visit_is_scored_or_not(study, states):
    study.procedure()
    study.score(5, study.at(-1))
    study.score(3, study.at(7))
    assert states(LATER) == {
        "baseline": "scored",
        "D1": NOT_SCORED,
        "Wk1": "scored",
        "M1": NOT_SCORED,
    }


def test_who_died_by_the_last_day_of_a_window_is_dead_at_the_visit(study, states):
    study.patient(deceasedDateTime=study.on(10))
    study.procedure()
    study.score(5, study.at(1))
    found = states(LATER)
    assert (found["D1"], found["Wk1"], found["M1"]) == ("scored", "dead", "dead")


def test_who_died_after_the_window_was_only_not_scored(study, states):
    study.patient(deceasedDateTime=study.on(11))
    study.procedure()
    study.score(5, study.at(1))
    found = states(LATER)
    assert (found["Wk1"], found["M1"]) == (NOT_SCORED, "dead")


def test_a_score_counts_even_where_the_patient_died_in_the_window(study, states):
    study.patient(deceasedDateTime=study.on(9))
    study.procedure()
    study.score(5, study.at(7))
    assert states(LATER)["Wk1"] == "scored"


def test_an_undated_death_lies_after_the_last_contact(study, states):
    study.patient(deceasedBoolean=True)
    study.procedure()
    study.score(5, study.at(5))
    found = states(LATER)
    assert (found["D1"], found["Wk1"], found["M1"]) == (NOT_SCORED, "scored", "dead")


def test_an_undated_death_without_follow_up_lies_after_the_procedure(study, states):
    study.patient(deceasedBoolean=True)
    study.procedure()
    study.score(5, study.at(-1))
    found = states(LATER)
    assert (found["baseline"], found["D1"], found["M1"]) == ("scored", "dead", "dead")


def test_a_re_treatment_ends_what_is_due(study, states):
    study.procedure()
    study.procedure(study.at(20, "10:00"))
    study.score(5, study.at(-1))
    found = states(LATER)
    assert (found["Wk1"], found["M1"]) == (NOT_SCORED, "re-treated")


@pytest.mark.parametrize(
    ("cutoff", "state"), [("2021-03-19", "not yet due"), ("2021-03-20", NOT_SCORED)]
)
def test_a_visit_is_due_when_its_window_has_ended(study, states, cutoff, state):
    study.procedure()
    study.score(5, study.at(-1))
    assert states(f"study.cutoff={cutoff}")["Wk1"] == state  # day 10 is 2021-03-20


def test_a_baseline_is_never_missing_for_death(study, states):
    study.patient(deceasedDateTime=study.on(1))
    study.procedure()
    study.score(5, study.on(1))
    assert states(LATER)["baseline"] == NOT_SCORED


def test_only_analysed_lesions_have_states_one_a_visit(study):
    study.procedure()
    study.procedure(status="not-done", site="scapula")
    study.score(5, study.at(7))
    found = study.cohort(LATER).cohort.visit_states()
    assert found.columns == ["lesion_id", "patient_id", "visit", "state"]
    assert found["visit"].to_list() == ["baseline", "D1", "Wk1", "M1"]
