"""Which strategy `auto` takes, by what the server counts."""

from types import SimpleNamespace

import pytest

from abate.source.query import Query
from abate.source.search.strategy import choose

SCORES = Query(name="pain scores", type="Observation", tokens=("pain",))


def pull(there, each, people, *, procedures=None, patients_a_query=1):
    """A pull whose index procedures have landed: of `people` patients, with `each` scores."""
    asked = []

    def count(query):
        asked.append(query.patients)
        return (each and each * len(query.patients)) if query.patients else there

    return SimpleNamespace(
        asked=asked,
        fetcher=SimpleNamespace(count=count),
        index_patients=lambda: [f"p{number}" for number in range(people)],
        index_procedures=lambda: procedures or people,
        patients_a_query=patients_a_query,
        plan=SimpleNamespace(besides=(SCORES,)),
    )


def test_six_of_606_scores_are_asked_for_by_patient():
    strategy, why = choose(pull(there=606, each=6, people=1))
    assert strategy == "patient"
    assert why == (
        "of 606 resources that a search by code finds, about 6 belong to the study's 1 patients"
    )


@pytest.mark.parametrize(
    ("there", "strategy"),
    [
        (60, "population"),
        # 10 procedures, 10 patients and 60 scores: 1.2 times these are 96.
        (76, "population"),
        (77, "patient"),
    ],
)
def test_the_population_is_pulled_up_to_the_fifth_of_other_people(there, strategy):
    assert choose(pull(there=there, each=6, people=10))[0] == strategy


@pytest.mark.parametrize(("there", "each"), [(None, 6), (60, None)])
def test_without_counts_each_patient_is_asked(there, each):
    assert choose(pull(there=there, each=each, people=10))[0] == "patient"


def test_of_many_patients_some_are_counted_and_the_rest_is_estimated():
    many = pull(there=6_000, each=6, people=1_000)
    strategy, why = choose(many)
    assert strategy == "population"
    assert "about 6000 belong to the study's 1000 patients" in why
    assert len(many.asked) == 1 + 20
    assert len({one for (one,) in many.asked[1:]}) == 20


def test_several_patients_are_counted_at_once_where_the_server_takes_that():
    some = pull(there=60, each=6, people=10, patients_a_query=5)
    choose(some)
    assert [len(patients) for patients in some.asked] == [0, 5, 5]


def test_a_server_that_ignores_patient_counts_no_more_than_is_there():
    ignoring = pull(there=606, each=606, people=3)
    assert choose(ignoring)[0] == "population"


def test_what_no_code_finds_is_not_counted_by_patient():
    nothing = pull(there=0, each=6, people=10)
    assert choose(nothing)[0] == "population"
    assert nothing.asked == [()]
