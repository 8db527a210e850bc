"""Between two releases, a group in which all count or none tells the value of each one."""

from abate.releases.extremes import is_all_or_none
from abate.releases.items import Estimates

NAME = ("first-week", "sign-test")


def of(size, falls):
    items = frozenset((f"u{number}", "d") for number in range(size))
    return Estimates(items={NAME: items}, counts={NAME: {"falls": falls}})


def test_six_more_who_all_fell_are_told():
    assert is_all_or_none(of(37, 31), [of(31, 25)])


def test_six_more_of_whom_none_fell_are_told():
    assert is_all_or_none(of(37, 25), [of(31, 25)])


def test_six_fewer_are_told_too():
    assert is_all_or_none(of(31, 25), [of(37, 31)])


def test_six_more_of_whom_some_fell_are_not_told():
    assert not is_all_or_none(of(37, 28), [of(31, 25)])


def test_a_whole_population_in_which_all_or_none_fell_is_shown_as_it_is():
    assert not is_all_or_none(of(37, 37), [of(31, 31)])
    assert not is_all_or_none(of(37, 0), [of(31, 0)])


def test_the_same_units_are_no_group():
    assert not is_all_or_none(of(31, 25), [of(31, 25)])


def test_each_earlier_release_is_compared():
    assert is_all_or_none(of(37, 31), [of(30, 22), of(31, 25)])
