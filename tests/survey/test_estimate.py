"""How long a first pull takes: an order of magnitude, computed by head, and its words."""

import pytest

from abate.survey.estimate import Pace, PullEstimate, estimate_pull

INDEX, SCORES = "cementoplasty", "pain-intensity"
SMALL = {INDEX: 40, SCORES: 1000}


def page(seconds=0.2, asked=200, resources=200, *, has_next=True):
    return Pace(seconds=seconds, asked=asked, resources=resources, has_next=has_next)


def of_patient(seconds):
    return Pace(seconds=seconds, asked=200, resources=40, has_next=False, is_of_patient=True)


def test_of_the_population_it_is_the_pages_of_each_list():
    found = estimate_pull({**SMALL, "primary-tumour": 0}, [page(0.1), page(0.3)])
    assert (found.strategy, found.requests) == ("population", 1 + 5 + 1)
    assert found.seconds_a_request == pytest.approx(0.2)


def test_a_page_that_is_cut_is_as_long_as_the_server_makes_it():
    assert estimate_pull(SMALL, [page(resources=50)]).requests == 1 + 20
    assert estimate_pull(SMALL, [page(resources=50, has_next=False)]).requests == 1 + 5


def test_pages_of_another_size_are_not_measured():
    found = estimate_pull(SMALL, [page(), page(9, asked=1000, resources=1000), page(9, asked=1)])
    assert found.seconds_a_request == pytest.approx(0.2)


def test_many_scores_of_others_are_pulled_patient_by_patient_with_the_seconds_of_such_a_search():
    found = estimate_pull({INDEX: 30, SCORES: 20_001}, [page(), of_patient(2), of_patient(4)])
    assert (found.strategy, found.requests, found.seconds_a_request) == ("patient", 3 * 30, 3)


@pytest.mark.parametrize(
    ("seconds", "magnitude"),
    [
        (0.01, "seconds"),
        (9.9, "seconds"),
        (10, "minutes"),
        (599, "minutes"),
        (600, "hours"),
        (14_399, "hours"),
        (14_400, "more than a day"),
    ],
)
def test_the_magnitude_is_that_of_six_requests(seconds, magnitude):
    assert estimate_pull(SMALL, [page(seconds)]).magnitude == magnitude


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({}, "nothing was counted by list:cementoplasty"),
        ({INDEX: 1}, "nothing was counted by list:pain-intensity"),
        (
            {INDEX: None, SCORES: None},
            "the server does not count the resources of a search by code",
        ),
        ({INDEX: 0, SCORES: 9}, "no index procedure has a code that abate knows"),
        (
            {INDEX: 1, SCORES: 9, "primary-tumour": None},
            "the server does not count list:primary-tumour",
        ),
    ],
)
def test_if_nothing_was_counted_it_is_unknown_and_says_why(counts, why):
    found = estimate_pull(counts, [page()])
    assert (found.unknown, found.magnitude, found.requests) == (why, "", None)


def test_if_nothing_was_measured_it_is_unknown():
    assert estimate_pull(SMALL, [of_patient(1)]).unknown == "no page was measured"
    found = estimate_pull({INDEX: 1, SCORES: None}, [page()])
    assert found.unknown == "no search for one patient was measured"


def test_the_words_say_what_it_was_computed_from():
    assert str(estimate_pull({INDEX: 2000, SCORES: 120_000}, [page(0.25)])) == (
        "A first pull by strategy population takes minutes: about 610 requests of 0.25 s."
    )
    assert str(estimate_pull(SMALL, [page(0.0001)])).endswith(
        "takes seconds: about 6 requests of 0.01 s."
    )
    assert str(PullEstimate(unknown="why")) == "How long a first pull takes is unknown: why."


def test_check_tells_it_to_people_and_programs(front, abate, checked):
    found = checked(front)["estimate"]
    assert found.keys() == {
        "strategy",
        "magnitude",
        "requests",
        "seconds_a_request",
        "unknown",
    }
    assert (found["strategy"], found["magnitude"]) == ("population", "seconds")
    shown = abate("check", front.base, "--quiet").out
    assert "A first pull by strategy population takes seconds: about 5 requests" in shown


def test_bare_codes_count_if_only_they_are_found(odd, checked):
    assert checked(odd(with_system=False))["estimate"]["magnitude"] == "seconds"


def test_without_totals_it_is_unknown(odd, checked):
    assert "does not count" in checked(odd(totals=False))["estimate"]["unknown"]
