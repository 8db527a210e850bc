"""Exact tests of paired changes, held against R, SciPy's permutations and plain enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import PermutationMethod, binomtest, norm, wilcoxon

from abate_analyses.statistics.exact_integers import billionths
from abate_analyses.statistics.rank_tests import double_ranks, wilcoxon_signed_rank
from abate_analyses.statistics.sign_flips import flip_test

# Table 2 of the paper, D0 to the last score in D1, D2, Wk1.
PUBLISHED = [-5, 0, -5, -5, -3, -1, 2, -1, -2, -1]
# Ties, zeros and halves.
OTHER = [-1.5, -1.5, 0, 0, 2, 2, -3, -4.5, -4.5, -0.5, 1, -7, -1, 0.5, 0]
SIXTY = [
    -2.3, -0.6, -2.7, 2.2, -0.3, -2.6, 0, 0.5, 0.2, -1.6, 2, -0.2, -2.2, -5.4, 1.2, -1.1, -1, 0.9,
    0.6, 0.2, 0.8, 0.6, -0.9, -5, 0.2, -1.1, -1.3, -3.9, -2, -0.2, 1.7, -1.2, -0.2, -1.1, -3.8,
    -1.8, -1.8, -1.1, 1.2, 0.5, -1.3, -1.5, 0.4, 0.1, -2.4, -2.4, -0.3, 0.5, -1.2, 0.8, -0.2, -2.2,
    -0.3, -3.3, 1.9, 3, -1.7, -3.1, 0.1, -1.3,
]  # fmt: skip
changes = st.lists(st.integers(-8, 8), min_size=2, max_size=9).filter(any)

unhurried = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("values", "zeros", "p"),
    [
        # R 4.2.2: coin 1.4-2, wilcoxsign_test(distribution = "exact", zero.method = ...), and
        # exactRankTests 0.8-35, wilcox.exact, for the dropped zeros of the first two.
        (PUBLISHED, "dropped", 0.03515625),
        (PUBLISHED, "pratt", 0.0234375),
        (OTHER, "dropped", 0.1469726562),
        (OTHER, "pratt", 0.1616210938),
        (SIXTY, "dropped", 0.0011445973),
    ],
)
def test_wilcoxon_is_that_of_r(values, zeros, p):
    test = wilcoxon_signed_rank(billionths(values), zeros)
    assert test.p == pytest.approx(p, abs=1e-10)
    assert test.exact


@pytest.mark.parametrize(
    ("values", "v", "p"),
    # R 4.2.2: wilcox.test(x), which leaves the exact distribution at ties.
    [(PUBLISHED, 4.5, 0.0366371157), (OTHER, 20, 0.1459301268)],
)
def test_above_the_switch_it_is_the_corrected_normal_approximation_of_r(values, v, p):
    test = wilcoxon_signed_rank(billionths(values), "dropped", exact_up_to=1)
    assert (test.v, test.exact) == (v, False)
    assert test.p == pytest.approx(p, abs=1e-10)


@unhurried
@given(changes, st.sampled_from(["dropped", "pratt"]))
def test_wilcoxon_is_scipys_by_full_permutation(values, zeros):
    name = {"dropped": "wilcox", "pratt": "pratt"}[zeros]
    oracle = wilcoxon(values, zero_method=name, method=PermutationMethod(n_resamples=np.inf)).pvalue
    assert wilcoxon_signed_rank(billionths(values), zeros).p == pytest.approx(oracle, abs=1e-12)


@unhurried
@given(changes, st.sampled_from(["dropped", "pratt"]))
def test_it_is_enumeration_of_all_signs(values, zeros):
    weights = double_ranks(billionths(values), zeros)
    assert flip_test(weights).p == pytest.approx(by_enumeration(weights), abs=1e-12)


@unhurried
@given(st.lists(st.integers(-10_000_000_000, 10_000_000_000), min_size=1, max_size=8).filter(any))
def test_weights_without_a_common_measure_are_listed(weights):
    test = flip_test(np.array(weights))
    assert test.exact
    assert test.p == pytest.approx(by_enumeration(weights), abs=1e-12)


def by_enumeration(weights):
    sums = [sum(s * w for s, w in zip(signs, weights, strict=True))
            for signs in product((1, -1), repeat=len(weights))]  # fmt: skip
    return sum(abs(one) >= abs(sum(weights)) for one in sums) / len(sums)


@unhurried
@given(changes)
def test_it_makes_no_difference_which_way_pain_goes(values):
    assert wilcoxon_signed_rank(billionths(values), "pratt").p == pytest.approx(
        wilcoxon_signed_rank(-billionths(values), "pratt").p, abs=1e-12
    )


@unhurried
@given(st.integers(0, 40), st.integers(1, 40))
def test_equal_weights_make_the_sign_test(falls, rises):
    weights = np.array([-1] * falls + [1] * rises)
    expected = binomtest(falls, falls + rises).pvalue
    assert flip_test(weights).p == pytest.approx(expected, abs=1e-12)


def test_noise_of_the_last_digit_neither_breaks_ties_nor_makes_changes():
    noisy = [0.3 - 0.1, 0.2, 0.1 + 0.2 - 0.3, -0.7]
    assert double_ranks(billionths(noisy), "dropped").tolist() == [3, 3, -6]


def test_a_sum_of_zero_has_p_1():
    assert flip_test(np.array([5, -5])).p == 1
    assert flip_test(np.array([0, 0])).p == 1


def test_many_units_are_approximated_by_the_normal_distribution():
    weights = np.array([1] * 300 + [-1] * 200)
    test = flip_test(weights)
    assert not test.exact
    assert test.p == pytest.approx(2 * norm.sf(100 / np.sqrt(500)))


def test_the_switch_is_at_300_units():
    assert flip_test(np.ones(300, dtype=np.int64)).exact
    assert not flip_test(np.ones(301, dtype=np.int64)).exact
