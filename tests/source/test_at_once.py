"""Several tasks at once: in their order, and ended by the first that fails."""

from contextlib import contextmanager
from threading import Barrier, Event

import pytest

from abate.source.concurrency import at_once


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


def test_one_that_fails_ends_those_under_way_and_those_that_have_not_begun():
    halted, begun = Event(), []

    @contextmanager
    def halt():
        halted.set()
        yield

    def fails():
        begun[0].wait(5)
        raise ValueError

    def goes_on():
        begun.append(Event())
        begun[-1].set()
        assert halted.wait(5)

    begun.append(Event())
    tasks = [goes_on, fails, *[goes_on] * 20]
    begun[0].set()
    with pytest.raises(ValueError):  # noqa: PT011 - it is the test's own.
        at_once(tasks, 2, halt)
    assert len(begun) <= 4


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
