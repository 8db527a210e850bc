"""Several tasks at once: in their order, and ended by the first that fails."""

from threading import Barrier, Event

import pytest

from abate.source.at_once import at_once


def test_tasks_are_under_way_together_and_give_what_they_did_in_their_order():
    together = Barrier(2)

    def task(number):
        together.wait(5)
        return number

    assert at_once([lambda n=n: task(n) for n in range(4)], 2) == [0, 1, 2, 3]


def test_one_at_a_time_needs_no_thread():
    done = []
    assert at_once([lambda n=n: done.append(n) or n for n in range(3)], 1) == [0, 1, 2]
    assert done == [0, 1, 2]


def test_the_first_that_fails_ends_those_that_have_not_begun():
    begun, never = [], Event()

    def fails():
        raise ValueError

    def begins(number):
        begun.append(number)
        never.wait(0.1)

    tasks = [fails, *(lambda n=n: begins(n) for n in range(50))]
    with pytest.raises(ValueError):  # noqa: PT011 - it is the test's own.
        at_once(tasks, 2)
    assert len(begun) < 50
