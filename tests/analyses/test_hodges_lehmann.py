"""The Hodges-Lehmann estimate: R's limits, and the median of all Walsh averages, listed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate_analyses.statistics.exact_integers import billionths
from abate_analyses.statistics.hodges_lehmann import hodges_lehmann, limits_of, walsh

PUBLISHED = [-5, 0, -5, -5, -3, -1, 2, -1, -2, -1]
changes = st.lists(st.integers(-100, 100).map(lambda tenths: tenths / 10), min_size=1, max_size=25)

unhurried = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("n", "place", "level"),
    # R 4.2.2: qsignrank(0.025, n), and 1 - 2 * psignrank(qsignrank(0.025, n) - 1, n).
    [
        (6, 1, 0.96875), (9, 6, 0.9609375), (10, 9, 0.9511718750), (20, 53, 0.9515590668),
        (50, 435, 0.9505535932), (300, 19629, 0.9500348493),
    ],
)  # fmt: skip
def test_the_places_of_the_limits_are_those_of_r(n, place, level):
    limits = limits_of(n)
    assert (limits.place, limits.exact) == (place, True)
    assert limits.level == pytest.approx(level, abs=1e-9)


def test_with_and_without_the_zero_of_the_paper():
    # By qsignrank's limits: 2.0 (0.5 to 4.0, 95.1 %) with it, 2.5 (0.5 to 5, 96.1 %) without.
    with_zero = hodges_lehmann(billionths(PUBLISHED))
    assert (with_zero.value, with_zero.low, with_zero.high) == (-2, -4, -0.5)
    without = hodges_lehmann(billionths([change for change in PUBLISHED if change]))
    assert (without.value, without.low, without.high) == (-2.5, -5, -0.5)


def test_without_ties_it_is_that_of_r():
    # R 4.2.2: wilcox.test(x, conf.int = TRUE): 2.3, 0.35 to 4.4.
    found = hodges_lehmann(billionths([1.1, 2.3, -0.4, 5.7, 3.2, 0.8, 4.4, -1.9, 6.5, 2.05]))
    assert (found.value, found.low, found.high) == (2.3, 0.35, 4.4)


def test_fewer_than_six_changes_reach_no_interval_of_95_percent():
    # R: qsignrank(0.025, 5) is 0; two of 2^5 sums are already 6.25 %.
    assert limits_of(5) is None
    assert hodges_lehmann(billionths([-3.0])).value == -3


def test_many_changes_have_limits_by_the_normal_approximation():
    # R: qsignrank(0.025, 301) is 19765: the approximation is two places wider.
    limits = limits_of(301)
    assert not limits.exact
    assert limits.place == pytest.approx(19765, abs=2)


@unhurried
@given(changes)
def test_each_walsh_average_is_found_at_its_place(values):
    listed = sorted(
        (a + b) / 2 for i, a in enumerate(billionths(values)) for b in billionths(values)[i:]
    )
    ordered = np.sort(billionths(values))
    found = [walsh(ordered, place) for place in range(1, len(listed) + 1)]
    assert found == pytest.approx([one / 1e9 for one in listed], abs=1e-12)
    assert hodges_lehmann(billionths(values)).value == pytest.approx(np.median(listed) / 1e9)


@unhurried
@given(changes)
def test_the_interval_holds_the_estimate(values):
    found = hodges_lehmann(billionths(values))
    assert found.low <= found.value <= found.high


@unhurried
@given(changes, st.integers(-50, 50))
def test_a_shift_of_all_changes_shifts_it_as_much(values, tenths):
    moved = hodges_lehmann(billionths(values) + tenths * 10**8)
    assert moved.value == pytest.approx(hodges_lehmann(billionths(values)).value + tenths / 10)
