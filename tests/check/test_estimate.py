"""How long a first pull takes: the arithmetic, by head, and its words."""

import pytest

from abate.survey.estimate import (
    Estimate,
    Pace,
    Way,
    by_patient,
    by_population,
    page_of,
    span,
    words,
)
from abate.survey.first_pull import first_pull
from abate.survey.found import CodeSearch, ListCount

WAY = Way(page_size=100, parallel=4, ids_a_query=20, patients_a_query=1)
FULL = Pace(seconds=0.2, asked=100, resources=100, more=True)
ONE = Pace(seconds=0.05, asked=1, resources=1, more=True)
HIS = Pace(seconds=0.5, asked=200, resources=40, more=False, of_patient=True)


def test_of_the_population_it_is_pages_and_searches_for_patients():
    found = by_population({"Observation": 1000, "Procedure": 40}, 40, [FULL, ONE], WAY)
    # Ten pages and, divided in eight parts, eight counts and eight pages; one page; two searches.
    assert found.requests == 10 + 16 + 1 + 2
    assert (found.resources, found.page, found.parallel) == (1080, 100, 4)
    assert found.high_seconds == pytest.approx(29 * 0.2)
    assert found.low_seconds == pytest.approx(8 * 0.2)


def test_what_a_search_takes_to_begin_counts_once_a_part():
    slow = [
        Pace(seconds=s, asked=100, resources=100, more=True, page=page)
        for page, s in enumerate((0.2, 0.7, 0.2, 0.2), start=1)
    ]
    found = by_population({"Observation": 1000, "Procedure": 40}, 40, slow, WAY)
    assert (found.searches, found.seconds_a_search) == (8 + 1, pytest.approx(0.5))
    assert found.high_seconds == pytest.approx(29 * 0.2 + 9 * 0.5)
    assert found.low_seconds == pytest.approx(8 * 0.2 + 3 * 0.5)
    assert "and 9 searches that take 0.5 s to begin, 4 at once" in words(found)


def test_a_type_without_a_resource_is_one_request():
    assert by_population({"Condition": 0}, 0, [FULL], WAY).requests == 1


def test_patient_by_patient_it_is_a_search_for_each_type_of_each():
    found = by_patient(3, 400, [FULL, ONE, HIS], WAY)
    assert found.requests == 4 + 20 + 3 * 400
    assert found.seconds_a_request == 0.5
    assert found.resources is None


def test_some_patients_in_one_search_are_fewer_searches():
    way = Way(page_size=100, parallel=1, ids_a_query=20, patients_a_query=10)
    found = by_patient(3, 400, [HIS], way)
    assert found.requests == 4 + 20 + 3 * 40
    assert found.low_seconds == found.high_seconds


def test_the_seconds_are_the_median_of_full_pages():
    paces = [Pace(seconds=s, asked=100, resources=100, more=True) for s in (0.1, 0.3, 9)]
    assert by_population({"Observation": 1}, 0, [*paces, ONE], WAY).seconds_a_request == 0.3


def test_a_larger_page_counts_in_proportion():
    large = Pace(seconds=2, asked=1000, resources=1000, more=True)
    found = by_population({"Observation": 1}, 0, [large], WAY)
    assert found.seconds_a_request == pytest.approx(0.2)


def test_a_page_that_is_cut_is_as_long_as_the_server_makes_it():
    assert page_of([Pace(seconds=1, asked=1000, resources=50, more=True)], 100) == 50
    assert page_of([Pace(seconds=1, asked=1000, resources=50, more=False)], 100) == 100
    assert page_of([ONE], 100) == 100
    assert page_of([], 100) == 100


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 4, "10 seconds at most"),
        (12, 44.2, "about 12 to 45 seconds"),
        (30, 119, "about 30 to 119 seconds"),
        (150, 600, "about 2 to 10 minutes"),
        (170, 180, "about 3 minutes"),
        (3600, 4 * 3600, "about 1 to 4 hours"),
    ],
)
def test_a_time_is_told_in_the_unit_that_fits(low, high, said):
    assert span(low, high) == said


def test_the_words_say_what_it_was_computed_from():
    found = by_population({"Observation": 120_000}, 2000, [FULL], WAY)
    assert words(found) == (
        "A first pull takes about 1 to 5 minutes: at most 122,000 resources in pages of 100, 1,316 "
        "requests of 0.2 s each, 4 at once"
    )
    assert "patient by patient, 1,224 requests of 0.5 s" in words(by_patient(3, 400, [HIS], WAY))
    assert words(Estimate(unknown="why")) == "How long a first pull takes is unknown: why"


def listed(name, kind, n, bare=None):
    return ListCount(what=name, list=name, type=kind, n=n, bare=bare)


def test_what_the_code_lists_find_is_added_up_by_type():
    lists = [
        listed("cementoplasty", "Procedure", 30),
        listed("bone-ablation", "Procedure", 10),
        listed("pain-intensity", "Observation", 500),
    ]
    found = first_pull(lists, [], [FULL])
    assert (found.strategy, found.resources) == ("population", 30 + 10 + 500 + 30)


def test_many_scores_of_others_are_pulled_patient_by_patient():
    lists = [
        listed("cementoplasty", "Procedure", 30),
        listed("pain-intensity", "Observation", 20_001),
    ]
    assert first_pull(lists, [], [ONE, HIS]).strategy == "patient"


def test_bare_codes_count_where_only_they_are_found():
    lists = [
        listed("cementoplasty", "Procedure", 0, bare=30),
        listed("pain-intensity", "Observation", 0, bare=500),
    ]
    states = [CodeSearch(type=kind, state="bare-only") for kind in ("Procedure", "Observation")]
    assert first_pull(lists, states, [FULL]).resources == 560


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        ([], "nothing was counted by list:cementoplasty"),
        ([listed("cementoplasty", "Procedure", 1)], "nothing was counted by list:pain-intensity"),
        (
            [
                listed("cementoplasty", "Procedure", None),
                listed("pain-intensity", "Observation", None),
            ],
            "the server does not count what it finds by code",
        ),
        (
            [listed("cementoplasty", "Procedure", 0), listed("pain-intensity", "Observation", 9)],
            "no index procedure has a code that abate knows",
        ),
        (
            [
                listed("cementoplasty", "Procedure", 1),
                listed("pain-intensity", "Observation", 9),
                listed("primary-tumour", "Condition", None),
            ],
            "the server does not count list:primary-tumour",
        ),
    ],
)
def test_where_nothing_was_counted_it_is_unknown_and_says_why(lists, why):
    assert first_pull(lists, [], [FULL]).unknown == why


def test_where_nothing_was_measured_it_is_unknown():
    lists = [listed("cementoplasty", "Procedure", 1), listed("pain-intensity", "Observation", 9)]
    assert first_pull(lists, [], [HIS]).unknown == "no page was measured"
    assert by_patient(3, 400, [FULL], WAY).unknown == "no search for one patient was measured"


def test_check_tells_it_to_people_and_programs(front, abate, checked):
    found = checked(front)["estimate"]
    assert (found["strategy"], found["resources"], found["page"]) == ("population", 3 + 5 + 3, 200)
    assert found["high_seconds"] >= found["low_seconds"] > 0
    assert (
        "A first pull takes 10 seconds at most: at most 11 resources"
        in abate("check", front.base, "--quiet").out
    )


def test_without_totals_it_is_unknown(odd, checked):
    assert "does not count" in checked(odd(totals=False))["estimate"]["unknown"]
