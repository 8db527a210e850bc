"""A score is kept exactly: the double that is nearest to the quotient of number and scale."""

from fractions import Fraction

import pytest

SCALES = (10, 100, 5, 20, 3, 7, 1, 1000)


def texts():
    """Each number that people give, with up to three decimals; and what a float32 makes of some."""
    yield from (f"{n / 100:g}" for n in range(10_001))
    yield from (f"{n / 1000:g}" for n in range(10_001))
    yield from (repr(n / 7) for n in range(701))
    yield from ("42.29999923706055", "4.199999809265137", "5e-1", "1e-7", "0.30000000000000004")


@pytest.fixture(scope="module")
def scored(shared_workshop):
    from abate.store import opened

    numbers = list(dict.fromkeys(texts()))
    assert len(numbers) > 15_000
    with opened(shared_workshop.folder / "exact.duckdb") as store:
        rows = store.rows(
            "select number, scale, score_of(number, cast(scale as double)) "
            "from unnest($numbers) as n (number), unnest($scales) as s (scale)",
            {"numbers": numbers, "scales": list(SCALES)},
        )
    return {(number, scale): value for number, scale, value in rows}


def nearest(number, scale):
    """By exact arithmetic: Python divides integers with one rounding."""
    quotient = Fraction(number) * 10 / scale
    return quotient.numerator / quotient.denominator


def test_on_a_scale_to_ten_a_score_is_the_number_itself(scored):
    found = [(number, value) for (number, scale), value in scored.items() if scale == 10]
    assert [one for one in found if float(one[0]) != one[1]] == []


@pytest.mark.parametrize("scale", [100, 1, 1000])
def test_on_a_scale_to_a_power_of_ten_it_is_the_nearest_double(scored, scale):
    found = {n: v for (n, s), v in scored.items() if s == scale and "e" not in n}
    assert {n: v for n, v in found.items() if v != nearest(n, scale)} == {}


@pytest.mark.parametrize("scale", [5, 20, 3, 7])
def test_on_any_other_scale_it_is_the_nearest_double_of_a_number_that_people_give(scored, scale):
    found = {n: v for (n, s), v in scored.items() if s == scale and len(n) <= 8 and "e" not in n}
    assert len(found) > 15_000
    assert {n: v for n, v in found.items() if v != nearest(n, scale)} == {}


def test_a_score_that_was_sent_is_the_one_that_is_kept(workshop, observation):
    """0.42 * 10 / 10 is 0.42000000000000004."""
    score = {"valueQuantity": {"value": 0.42, "code": "{score}"}}
    millimetres = {"valueQuantity": {"value": 4.2, "code": "mm"}}
    rows = workshop.map(
        observation("nrs", "72514-3", **score), observation("vas", **millimetres)
    ).observations
    assert (rows["nrs"]["value"], rows["nrs"]["raw"]) == (0.42, "0.42")
    assert (rows["vas"]["value"], rows["vas"]["raw"]) == (0.42, "4.2")
