"""The median's interval by patients drawn with replacement."""

import numpy as np
import pytest

from abate_analyses.statistics.bootstrap import _medians, median_by_patient, resamples

CHANGES = [-5, 0, -5, -5, -3, -1, 2, -1, -2, -1]
PATIENTS = ["1", "both", "3", "4", "5", "6", "both", "9", "10", "11"]


def test_the_published_change_is_from_half_a_point_to_five():
    # R 4.2.2 and Python with other seeds: a fall of 1.5 (0.5 to 5.0).
    found = median_by_patient(CHANGES, PATIENTS)
    assert (found.low, found.high) == (-5, -0.5)


def test_it_is_the_same_each_time():
    assert median_by_patient(CHANGES, PATIENTS) == median_by_patient(CHANGES, PATIENTS)


def test_lesions_of_one_patient_go_together():
    # Five patients agree with themselves: drawn apart, their lesions would hide it.
    changes = [-4.0] * 30 + [0.0] * 5
    together = median_by_patient(changes, ["a"] * 30 + ["b", "c", "d", "e", "f"])
    apart = median_by_patient(changes, [str(place) for place in range(35)])
    assert (together.low, together.high) == (-4, 0)
    assert (apart.low, apart.high) == (-4, -4)


def test_fewer_than_six_patients_are_too_few():
    assert median_by_patient([-1.0] * 10, ["a", "b", "c", "d", "e"] * 2) is None
    assert median_by_patient([], []) is None


def test_the_median_of_repeated_values_is_numpys():
    generator = np.random.default_rng(1)
    values = np.sort(generator.integers(-10, 10, 30).astype(float))
    times = generator.integers(0, 4, (50, 30))
    expected = [np.median(np.repeat(values, row)) for row in times]
    assert _medians(values, times) == pytest.approx(expected)


def test_many_values_are_resampled_less_often():
    assert (resamples(10_000), resamples(10_001)) == (2000, 500)


def test_ids_and_the_order_of_rows_do_not_matter():
    generator = np.random.default_rng(7)
    values = generator.integers(-8, 4, 30).astype(float)
    patients = [f"p{n // 2:02}" for n in range(30)]
    expected = median_by_patient(values, patients)
    for seed in range(5):
        mixed = np.random.default_rng(seed).permutation(30)
        names = {name: f"{hash((seed, name)):x}" for name in patients}
        renamed = [names[patients[place]] for place in mixed]
        assert median_by_patient(values[mixed], renamed) == expected
