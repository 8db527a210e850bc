"""The smallest group of units that several releases tell apart."""

import pytest

from abate.releases.subtraction import smallest_group


def items(*units, **changed):
    return frozenset((f"u{one}", changed.get(f"u{one}", f"d{one}")) for one in units)


ALL = items(*range(20))


def test_a_newcomer():
    assert smallest_group([items(*range(21))], [[ALL]], 5) == 1


def test_one_who_left():
    assert smallest_group([items(*range(19))], [[ALL]], 5) == 1


def test_a_changed_value():
    assert smallest_group([items(*range(20), u3="other")], [[ALL]], 5) == 1


def test_a_newcomer_one_who_left_and_a_changed_value_are_three():
    assert smallest_group([items(*range(1, 21), u3="other")], [[ALL]], 5) == 3


@pytest.mark.parametrize("n", [20, 25, 40])
def test_nobody_or_enough(n):
    assert smallest_group([items(*range(n))], [[ALL]], 5) is None


def test_another_question_to_the_same_units():
    other = frozenset((unit, f"site {datum}") for unit, datum in ALL)
    assert smallest_group([other], [[ALL]], 5) is None


def test_newcomers_who_are_enough_and_too_few_in_a_stratum():
    women, men = items(*range(12)), items(*range(12, 20))
    more_women, more_men = items(*range(12), 20, 21, 22), items(*range(12, 20), 23, 24, 25)
    every = items(*range(26))
    assert smallest_group([every, more_women, more_men], [[ALL, women, men]], 5) == 3


def test_two_strata_less_the_whole_of_before():
    women, men = items(*range(10), 20, 21, 22), items(*range(10, 20))
    assert smallest_group([women, men], [[ALL]], 5) == 3


def test_three_releases_of_which_each_two_differ_by_enough():
    # What all have less the first 20 and less the last 18 are units 20 and 21.
    first, last, every = items(*range(20)), items(*range(22, 40)), items(*range(40))
    assert smallest_group([every], [[first], [last]], 5) == 2
    assert smallest_group([every], [[first]], 5) is None
    assert smallest_group([every], [[last]], 5) is None


def test_what_was_published_together_is_not_held_against_a_later_release():
    assert smallest_group([ALL], [[ALL, items(*range(18))]], 5) is None
    assert smallest_group([items(*range(30))], [[ALL], [items(*range(19))]], 5) is None
