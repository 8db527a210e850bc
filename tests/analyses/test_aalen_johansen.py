"""Cumulative incidence with a competing event, and its interval."""

import csv
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate_analyses.statistics.aalen_johansen import (
    CENSORED,
    COMPETING,
    EVENT,
    cumulative_incidence,
    kaplan_meier,
    log_log_interval,
)

MGUS2 = Path(__file__).with_name("mgus2.csv")

units = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from([CENSORED, EVENT, COMPETING])),
    min_size=1,
    max_size=40,
)


def curve(pairs, of=cumulative_incidence):
    return of([time for time, _ in pairs], [cause for _, cause in pairs])


def turned(pairs):
    """The same with event and competing event in each other's place."""
    other = {EVENT: COMPETING, COMPETING: EVENT, CENSORED: CENSORED}
    return [(time, other[cause]) for time, cause in pairs]


@pytest.fixture(scope="module")
def mgus2():
    with MGUS2.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [
            (int(row["month"]), int(row["cause"])) for row in rows for _ in range(int(row["n"]))
        ]


class TestOnMgus2:
    # R 4.2.2, survival 3.5-3: survfit(Surv(etime, event) ~ 1), summary at 60, 120, 240 months.
    def test_progression_is_that_of_survfit(self, mgus2):
        found = [curve(mgus2).read(time)[0] for time in (60, 120, 240)]
        assert found == pytest.approx([0.03410371297, 0.06372216801, 0.09981371594], abs=1e-10)

    def test_death_is_that_of_survfit(self, mgus2):
        found = [curve(turned(mgus2)).read(time)[0] for time in (60, 120, 240)]
        assert found == pytest.approx([0.3203670103, 0.5318177041, 0.7240279761], abs=1e-10)

    def test_the_number_at_risk_is_that_of_survfit(self, mgus2):
        assert [curve(mgus2).count_at_risk(time) for time in (60, 120, 240)] == [874, 424, 57]

    def test_the_standard_error_is_near_the_jackknife_of_survfit(self, mgus2):
        # survfit's is the infinitesimal jackknife: another estimator of the same thing.
        found = [curve(mgus2).read(time)[1] ** 0.5 for time in (60, 120, 240)]
        assert found == pytest.approx([0.004889257908, 0.006796848424, 0.009784846793], rel=0.01)

    def test_kaplan_meier_and_greenwood_are_those_of_survfit(self, mgus2):
        # survfit(Surv(etime, event == "pcm") ~ 1): 1 - surv, and std.err.
        read = [curve(mgus2, kaplan_meier).read(time) for time in (60, 120, 240)]
        assert [value for value, _ in read] == pytest.approx(
            [0.04215386168, 0.09522165935, 0.20956162449], abs=1e-10
        )
        assert [variance**0.5 for _, variance in read] == pytest.approx(
            [0.006061980194, 0.010476246323, 0.026788159013], abs=1e-10
        )


def test_three_units_by_hand():
    # At 1 one of three is lost, at 2 one of two dies, at 3 the last is lost.
    found = curve([(1, EVENT), (2, COMPETING), (3, EVENT)])
    assert list(found.incidence) == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert list(found.at_risk) == [3, 2, 1]


def test_who_is_censored_at_a_time_is_at_risk_then():
    assert list(curve([(5, EVENT), (5, CENSORED)]).incidence) == [0.5]


def test_nobody_gives_an_empty_curve():
    found = cumulative_incidence([], [])
    assert (found.read(10), found.count_at_risk(0), found.median()) == ((0.0, 0.0), 0, None)


def test_before_the_first_time_nothing_has_happened():
    assert curve([(5, EVENT)]).read(4) == (0.0, 0.0)


def test_the_median_is_the_first_time_at_a_half_and_none_if_never_reached():
    assert curve([(1, EVENT), (2, EVENT), (3, CENSORED), (4, CENSORED)]).median() == 2
    assert curve([(1, EVENT), (2, CENSORED), (3, CENSORED)]).median() is None


def test_ties_and_order_of_the_units_do_not_matter():
    pairs = [(3, EVENT), (1, COMPETING), (3, CENSORED), (3, COMPETING), (2, EVENT)]
    one, other = curve(pairs), curve(pairs[::-1])
    assert list(one.incidence) == list(other.incidence)
    assert list(one.variance) == list(other.variance)


def test_complete_follow_up_has_the_binomial_variance():
    # Without censoring F is a proportion: its variance is F (1 - F) / n.
    found = curve([(1, EVENT), (2, COMPETING), (2, EVENT), (3, COMPETING), (4, EVENT), (5, EVENT)])
    expected = [p * (1 - p) / 6 for p in found.incidence]
    assert list(found.variance) == pytest.approx(expected)


def product_limit(pairs, last):
    """Brute force: step through every time, one product and one sum, over plain lists."""
    free, lost = 1.0, 0.0
    for time in range(last + 1):
        at_risk = sum(end >= time for end, _ in pairs)
        events = sum(pair == (time, EVENT) for pair in pairs)
        both = events + sum(pair == (time, COMPETING) for pair in pairs)
        if at_risk:
            lost += free * events / at_risk
            free *= 1 - both / at_risk
    return lost


@given(units)
def test_it_is_the_product_limit_of_brute_force(pairs):
    found = curve(pairs)
    for time in range(13):
        assert found.read(time)[0] == pytest.approx(product_limit(pairs, time), abs=1e-12)


@given(units)
def test_the_two_incidences_and_survival_add_up_to_1(pairs):
    loss, death = curve(pairs), curve(turned(pairs))
    assert np.allclose(loss.incidence + death.incidence + loss.survival, 1)


@given(units)
def test_incidence_never_falls_and_kaplan_meier_is_never_below_it(pairs):
    loss, naive = curve(pairs), curve(pairs, kaplan_meier)
    assert all(np.diff(loss.incidence) >= -1e-12)
    assert all(naive.incidence >= loss.incidence - 1e-12)


@given(units)
def test_without_a_competing_event_it_is_1_less_kaplan_meier(pairs):
    alone = [(time, EVENT if cause == EVENT else CENSORED) for time, cause in pairs]
    found = curve(alone)
    assert np.allclose(found.incidence, 1 - found.survival)


def greenwood(found):
    """S^2 times the running sum of d / (n (n - d)), by its textbook form."""
    pairs = zip(found.events, found.at_risk, strict=True)
    terms = accumulate(d / (n * (n - d)) if n > d else 0 for d, n in pairs)
    return [s**2 * term for s, term in zip(found.survival, terms, strict=True)]


@given(units)
def test_without_a_competing_event_the_variance_is_greenwoods(pairs):
    found = curve(pairs, kaplan_meier)
    reached = found.survival > 0
    expected = np.array(greenwood(found))
    assert np.allclose(found.variance[reached], expected[reached], atol=1e-12)


@given(st.floats(0.001, 0.999), st.floats(1e-6, 0.2))
def test_the_interval_holds_the_probability_and_stays_from_0_to_1(probability, variance):
    low, high = log_log_interval(probability, variance)
    assert 0 <= low <= probability <= high <= 1


def test_the_interval_is_that_of_the_log_log_formula_of_survfit():
    # R: summary(survfit(..., conf.type = "log-log"))'s formula, p ^ exp(+-z se / (p log p)).
    low, high = log_log_interval(0.5, 0.01)
    reach = 1.959963984540054 * 0.1 / (0.5 * np.log(0.5))
    assert (low, high) == pytest.approx((0.5 ** np.exp(-reach), 0.5 ** np.exp(reach)))


@pytest.mark.parametrize(("probability", "variance"), [(0, 0.1), (1, 0.1), (0.5, 0)])
def test_there_is_no_interval_at_the_ends_or_without_variance(probability, variance):
    assert log_log_interval(probability, variance) is None
