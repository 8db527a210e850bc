"""A score is kept exactly: the double that is nearest to the quotient of number and scale."""

import json
import random
from fractions import Fraction
from math import nextafter

import pytest

from abate.mapping.code_lists import Code

SCALES = (10, 100, 5, 20, 3, 7, 1, 1000, 30, 6, 2.5, 0.7, 997)
DIGITS = (1, 3, 8, 12, 13, 15, 17, 22, 40, 400)
EXPONENTS = ("e-1", "E-5", "e-20", "e-300", "e-320", "e-323", "e-324", "e-400", "e0", "E+1", "e2")


def short_texts():
    """Each number that people give, with up to three decimals; and what a float32 makes of some."""
    yield from (f"{n / 100:g}" for n in range(10_001))
    yield from (f"{n / 1000:g}" for n in range(10_001))
    yield from (repr(n / 7) for n in range(701))
    yield from ("42.29999923706055", "4.199999809265137", "5e-1", "1e-7", "0.30000000000000004")


def long_texts():
    """Many decimals and exponents, down to where doubles end; a fixed seed makes them."""
    made = random.Random(7)
    for digits in DIGITS * 6:
        number = f"{made.randrange(30)}.{''.join(made.choices('0123456789', k=digits))}"
        yield from (number, *(number + one for one in EXPONENTS))
    yield from (repr(made.random() * 10 ** made.uniform(-323, 1)) for _ in range(60))
    yield from (
        "33.333333333",
        "0",
        "0.0",
        "-0",
        "0e9",
        "5e-324",
        "2e-324",
        "1e-9999999",
        "3." + "3" * 3000,
    )


def border_texts(scale):
    """Numbers whose quotient is half-way between two doubles, and the next ones to both sides."""
    made = random.Random(str(scale))
    for _ in range(12):
        low = made.random() * 10 ** made.uniform(-7, 1)
        border = (Fraction(low) + Fraction(nextafter(low, 11))) / 2 * Fraction(str(scale)) / 10
        if border.denominator & (border.denominator - 1) == 0:
            decimals = border.denominator.bit_length() - 1
        else:
            decimals = 100
        digits = int(border * 10**decimals)
        yield from (f"{digits + step}e-{decimals}" for step in (-1, 0, 1))


@pytest.fixture(scope="module")
def scored(shared_workshop):
    """Each number that is accepted on a scale, and the score that is made of it."""
    from abate.store.database import open_store

    short, long = list(dict.fromkeys(short_texts())), list(dict.fromkeys(long_texts()))
    assert len(short) > 15_000
    assert len(long) > 700
    numbers = [
        (number, scale)
        for scale in SCALES
        for number in (*short, *long, *border_texts(scale))
        if Fraction(number.replace("e-9999999", "e-9999")) <= scale
    ]
    with open_store(shared_workshop.folder / "exact.duckdb") as store:
        rows = store.rows(
            "select number, scale, score_of(number, scale) "
            "from (select unnest($numbers) as number, unnest($scales::double[]) as scale)",
            {"numbers": [number for number, _ in numbers], "scales": [one for _, one in numbers]},
        )
    assert len(rows) == len(numbers)
    return {(number, scale): value for number, scale, value in rows}


def nearest(number, scale):
    """By exact arithmetic: Python divides integers with one rounding."""
    quotient = Fraction(number.replace("e-9999999", "e-9999")) * 10 / Fraction(str(scale))
    return quotient.numerator / quotient.denominator


def test_on_a_scale_to_ten_a_score_is_the_number_itself(scored):
    found = [(number, value) for (number, scale), value in scored.items() if scale == 10]
    assert [one for one in found if float(one[0]) != one[1]] == []


@pytest.mark.parametrize("scale", SCALES)
def test_on_each_scale_a_score_is_the_nearest_double_of_the_exact_quotient(scored, scale):
    found = {n: v for (n, s), v in scored.items() if s == scale}
    assert len(found) > 700
    assert {n: v for n, v in found.items() if v != nearest(n, scale)} == {}


def test_a_third_of_thirty_is_the_nearest_double(scored):
    assert scored["33.333333333", 100] == 3.3333333333
    assert scored["3.333", 30] == 1.111


def test_a_score_that_was_sent_is_the_one_that_is_kept(workshop, observation):
    """0.42 * 10 / 10 is 0.42000000000000004."""
    score = {"valueQuantity": {"value": 0.42, "code": "{score}"}}
    millimetres = {"valueQuantity": {"value": 4.2, "code": "mm"}}
    rows = workshop.map(
        observation("nrs", "72514-3", **score), observation("vas", **millimetres)
    ).observations
    assert (rows["nrs"]["value"], rows["nrs"]["raw"]) == (0.42, "0.42")
    assert (rows["vas"]["value"], rows["vas"]["raw"]) == (0.42, "4.2")


@pytest.mark.parametrize(
    "before",
    [
        {},
        {"unit": "{score}"},
        {"extension": [{"url": "urn:x", "valueCodeableConcept": {"coding": [{"code": "{1}"}]}}]},
    ],
)
def test_a_long_number_counts_as_its_text_and_not_as_the_double_of_the_text(
    workshop, observation, before
):
    """The double of the text gives 0.4734646869589693 and 2.660865973024945, the next scores."""
    unit = Code(system="urn:t", code="of30", name="of 30", source="the tests", scale=30)
    lists = {**workshop.lists, "pain-units": (*workshop.lists["pain-units"], unit)}
    texts = {"mm": "4.7346468695896935049258", "of30": "7.9825979190748337887623"}
    systems = {"mm": "http://unitsofmeasure.org", "of30": "urn:t"}
    lines = []
    for code, text in texts.items():
        quantity = {**before, "value": "TEXT", "code": code, "system": systems[code]}
        component = [{"valueQuantity": {"value": 1.5}}]
        line = json.dumps(observation(code, component=component, valueQuantity=quantity))
        lines.append(line.replace('"TEXT"', text).encode())
    rows = workshop.map(*lines, lists=lists).observations
    values = {code: rows[code]["value"] for code in texts}
    assert values == {"mm": 0.47346468695896937, "of30": 2.6608659730249444}
    assert {code: rows[code]["raw"] for code in texts} == texts
