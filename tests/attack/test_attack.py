"""Nothing of a few units follows from a release: attacked with all that a reader may know."""

import os
from dataclasses import replace
from functools import cache

import pytest

from attack import Found, Release, attack
from knowledge import Knowledge
from published import figures, numbers_of, page_numbers
from wards import Ward, analysed, publish

MINIMUM = 5
# `make attack SEEDS=50` says how many.
SEEDS = range(int(os.environ.get("ABATE_ATTACK_SEEDS", "4")))


@cache
def results_of(ward):
    """The results of a ward, computed once for all tests."""
    return analysed(ward.cohort, ward.study_file)


@cache
def release(ward):
    """What is published of a ward, as its reader sees it."""
    known = Knowledge(ward.cohort, ward.study_file).figures()
    return Release(figures(publish(results_of(ward), MINIMUM)), known)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_a_few_follows_from_one_release(seed):
    assert attack([release(Ward(seed))], MINIMUM) == []


def test_the_few_who_died_between_two_visits_do_not_follow():
    # In this ward 6 were dead at M6, 7 at M7 and at M8, 9 at M9: none of these is a small count.
    assert attack([release(Ward(5))], MINIMUM) == []


def test_the_page_says_no_number_that_nothing_else_says():
    ward = Ward(0)
    whole = results_of(ward)
    said = numbers_of(publish(whole, MINIMUM)) | {"95"}  # 95 % confidence.
    # What a page says where every figure is hidden: days of visits, items of checklists.
    of_rules = page_numbers(publish(whole, 10_000, with_page=True))
    shown = page_numbers(publish(whole, MINIMUM, with_page=True))
    assert shown - of_rules
    assert shown - of_rules - said == set()
    assert page_numbers(publish(whole, 1, with_page=True)) - of_rules - said


def test_a_patients_change_does_not_follow_from_two_endpoints(differencing):
    cohort, study_file, whole = differencing
    known = Knowledge(cohort, study_file).figures()
    shown = Release(figures(publish(whole, MINIMUM)), known)
    assert attack([shown], MINIMUM) == []
    assert shown.figures["first-week/median-change"].value is not None


def test_the_attack_finds_the_patient_where_nothing_is_hidden(differencing):
    cohort, study_file, whole = differencing
    known = Knowledge(cohort, study_file).figures()
    found = attack([Release(figures(publish(whole, 1)), known)], MINIMUM)
    assert only_first_week(known) in {one.items for one in found if "beside" in one.what}


def only_first_week(known):
    """The one lesion, with its data, that the endpoint of one week lacks."""
    both = (known[f"{name}/median-change"].items for name in ("first-week", "observed-week-1"))
    whole, part = both
    assert len(whole - part) == 1
    return whole - part


def test_the_attack_finds_a_change_where_sums_of_changes_are_published(differencing):
    cohort, study_file, whole = differencing
    known = Knowledge(cohort, study_file).figures()
    shown = figures(publish(whole, 1))
    for name, total in (("first-week", -145.0), ("observed-week-1", -139.0)):
        key = f"{name}/patient-sign-flips"
        shown[key] = replace(shown[key], value=total, unit="{score}")
    found = attack([Release(shown, known)], MINIMUM)
    assert Found("change", only_first_week(known), -6.0) in found


def test_the_attack_holds_two_releases_against_each_other():
    first, second = release(Ward(0)), release(Ward(0, 41))
    assert attack([second], MINIMUM) == []
    assert attack([first, second], MINIMUM) != []
