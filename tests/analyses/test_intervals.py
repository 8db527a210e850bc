"""Intervals of proportions, and Holm's correction."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from abate_analyses.statistics.holm import holm
from abate_analyses.statistics.intervals import clopper_pearson, wilson

parts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
either = st.sampled_from([clopper_pearson, wilson])

unhurried = settings(deadline=None, max_examples=60)


def ends(interval):
    return interval.low, interval.high


@pytest.mark.parametrize(
    ("numerator", "n", "exact", "by_wilson"),
    [
        # R 4.2.2: binom.test(k, n)$conf.int, prop.test(k, n, correct = FALSE)$conf.int
        (7, 10, (0.3475471499, 0.9332604888), (0.3967781475, 0.8922087326)),
        (10, 11, (0.5872200830, 0.9977010278), (0.6226415635, 0.9837678271)),
        (5, 10, (0.1870860284, 0.8129139716), (0.2365930905, 0.7634069095)),
        (1, 10, (0.0025285785, 0.4450161170), (0.0178762131, 0.4041500268)),
        (0, 11, (0, 0.2849141529), (0, 0.2588329670)),
        (11, 11, (0.7150858471, 1), (0.7411670330, 1)),
    ],
)
def test_they_are_those_of_r(numerator, n, exact, by_wilson):
    assert ends(clopper_pearson(numerator, n)) == pytest.approx(exact, abs=1e-9)
    assert ends(wilson(numerator, n)) == pytest.approx(by_wilson, abs=1e-9)


@unhurried
@given(parts)
def test_they_are_those_of_scipy(part):
    test = binomtest(*part)
    exact, by_wilson = test.proportion_ci(method="exact"), test.proportion_ci(method="wilson")
    assert ends(clopper_pearson(*part)) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert ends(wilson(*part)) == pytest.approx((by_wilson.low, by_wilson.high), abs=1e-9)


@unhurried
@given(parts, either)
def test_they_hold_the_share_and_stay_within_0_and_1(part, interval):
    low, high = ends(interval(*part))
    assert 0 <= low <= part[0] / part[1] <= high <= 1


@unhurried
@given(parts, either)
def test_the_rest_has_the_mirrored_interval(part, interval):
    low, high = ends(interval(*part))
    mirrored = ends(interval(part[1] - part[0], part[1]))
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@unhurried
@given(parts.filter(lambda part: part[0] < part[1]), either)
def test_one_more_moves_both_ends_up(part, interval):
    low, high = ends(interval(*part))
    more = ends(interval(part[0] + 1, part[1]))
    assert more[0] >= low
    assert more[1] >= high


def test_no_unit_has_no_interval():
    assert clopper_pearson(0, 0) is None
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # R 4.2.2: p.adjust(x, "holm"); the second as many as the visits of table 2 with a pair.
        (
            [0.125, 0.125, 0.375, 0.25, 0.125, 0.125, 1, 0.01, 0.02],
            [0.875, 0.875, 0.875, 0.875, 0.875, 0.875, 1, 0.09, 0.16],
        ),
        ([1, 0.125, 0.125, 0.375, 0.25, 0.125, 0.25, 0.125, 0.5, 1, 1, 0.5, 1], [1] * 13),
        ([], []),
    ],
)
def test_holm_is_that_of_r(raw, expected):
    assert holm(raw) == pytest.approx(expected)


@unhurried
@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_only_raises_and_keeps_the_order(raw):
    found = holm(raw)
    assert all(a <= b <= 1 for a, b in zip(raw, found, strict=True))
    paired = sorted(zip(raw, found, strict=True))
    assert [after for _, after in paired] == sorted(found)
