"""The unit of a score, by code and by text: what it says of the scale, and what it contradicts."""

import pytest

from abate.fhir.canonical import UNIT_TEXT, forms_of
from abate.mapping.code_lists import Code
from abate.mapping.scores import Score

NRS, VAS = "72514-3", "38214-3"  # the first says 0 to 10 by its name, the second says nothing
UCUM = "http://unitsofmeasure.org"
SLASH = f"{UCUM}/"


def sent(value, unit=None, code=None, system=UCUM, *, high=None, low=0):
    """The changes that make a score of this quantity, with a range to `high` where there is one."""
    quantity = {"value": value, "unit": unit, "code": code, "system": system if code else None}
    made = {"valueQuantity": {key: one for key, one in quantity.items() if one is not None}}
    if high is None:
        return made
    ends = {} if low is None else {"low": {"value": low}}
    return {**made, "referenceRange": [{**ends, "high": {"value": high}}]}


# (code, changes, value from 0 to 10, scale)
MAPPED = {
    "mm by text": (VAS, sent(55, "mm"), 5.5, 100),
    "MM by text": (VAS, sent(55, " MM "), 5.5, 100),
    "millimetres by text": (VAS, sent(55, "Millimetre"), 5.5, 100),
    "cm by text": (VAS, sent(5.5, "cm"), 5.5, 10),
    "cm by text of a 0-10 code": (NRS, sent(5.5, "cm"), 5.5, 10),
    "of ten": (VAS, sent(7, "/10"), 7, 10),
    "out of ten": (VAS, sent(7, "Out of 10"), 7, 10),
    "of a hundred": (VAS, sent(70, "/100"), 7, 100),
    "score by text": (VAS, sent(7, "Score"), 7, 10),
    "point by text": (VAS, sent(1, "point"), 1, 10),
    "points by text": (VAS, sent(7, "points"), 7, 10),
    "braces by text": (VAS, sent(7, "{score}"), 7, 10),
    "one by text": (VAS, sent(7, "1"), 7, 10),
    "points in a range to 100": (VAS, sent(70, "points", high=100), 7, 100),
    "an empty text": (NRS, sent(7, ""), 7, 10),
    "any words beside a code": (VAS, sent(7, "Level", "{score}"), 7, 10),
    "words with numbers beside a code": (VAS, sent(7, "score (0-10)", "{score}"), 7, 10),
    "score beside {score}": (VAS, sent(70, "score", "{score}", high=100), 7, 100),
    "mm beside mm": (VAS, sent(55, "mm", "mm"), 5.5, 100),
    "cm beside {score}": (VAS, sent(5.5, "cm", "{score}"), 5.5, 10),
    "mm of the system with a slash": (VAS, sent(55, "mm", "mm", SLASH), 5.5, 100),
    "{score} of a 0-10 code to 5": (NRS, sent(5, code="{score}", high=5), 5, 10),
}

REJECTED = {
    "a percentage by code": (NRS, sent(5, "%", "%"), "unit-unknown"),
    "a percentage by text": (NRS, sent(5, "%"), "unit-unknown"),
    "a percentage beside a code": (NRS, sent(5, "%", "{score}"), "unit-unknown"),
    "99 in an unknown unit": (NRS, sent(99, "%"), "unit-unknown"),
    "kilograms": (VAS, sent(7, code="kg"), "unit-unknown"),
    "words that no list has": (NRS, sent(7, "Level"), "unit-unknown"),
    "another system's mm": (VAS, sent(7, "mm", "mm", "urn:local"), "unit-unknown"),
    "another system's mm of a 0-10 code": (NRS, sent(7, code="mm", system="urn:x"), "unit-unknown"),
    "MM by code": (NRS, sent(5, "mm", "MM"), "unit-unknown"),
    "a unit that is a number": (NRS, sent(5, 100), "value-malformed"),
    "a code that is a number": (NRS, sent(5, "mm", 1), "value-malformed"),
    "a system that is a list": (NRS, sent(5, "mm", "mm", [UCUM]), "value-malformed"),
    "of a hundred, of a 0-10 code": (NRS, sent(5, "/100"), "scale-contradictory"),
    "of ten, in a range to 100": (VAS, sent(5, "/10", high=100), "scale-contradictory"),
    "of a hundred beside {score}": (VAS, sent(5, "/100", "{score}"), "scale-contradictory"),
    "mm beside 1": (NRS, sent(5, "mm", "1"), "scale-contradictory"),
    "mm beside 1 of no 0-10 code": (VAS, sent(5, "mm", "1"), "scale-contradictory"),
    "mm beside {score}": (NRS, sent(5, "mm", "{score}"), "scale-contradictory"),
    "MM beside {score}": (VAS, sent(5, "MM", "{score}"), "scale-contradictory"),
    "mm beside cm": (VAS, sent(5, "mm", "cm"), "scale-contradictory"),
    "cm beside mm": (VAS, sent(5, "cm", "mm"), "scale-contradictory"),
    "cm beside {score} to 100": (VAS, sent(5, "cm", "{score}", high=100), "scale-contradictory"),
    "mm by text of a 0-10 code": (NRS, sent(5, "mm"), "scale-contradictory"),
    "MM by text of a 0-10 code": (NRS, sent(5, "MM"), "scale-contradictory"),
    "slash of a 0-10 code": (NRS, sent(5, "mm", "mm", SLASH), "scale-contradictory"),
    "{score} from 0 to 5": (VAS, sent(5, code="{score}", high=5), "scale-unknown"),
    "{score} to 5 without low": (VAS, sent(5, code="{score}", high=5, low=None), "scale-unknown"),
    "{score} from 1 to 5": (VAS, sent(5, code="{score}", high=5, low=1), "scale-unknown"),
    "1 from 0 to 3": (VAS, sent(2, code="1", high=3), "scale-unknown"),
    "points from 0 to 9.5": (VAS, sent(2, "points", high=9.5), "scale-unknown"),
}


@pytest.fixture(scope="module")
def mapped(shared_workshop, observation):
    cases = [observation(name, case[0], **case[1]) for name, case in {**MAPPED, **REJECTED}.items()]
    return shared_workshop.map(*cases)


@pytest.mark.parametrize("name", MAPPED)
def test_a_unit_that_is_listed_gives_the_scale_or_leaves_it_to_others(mapped, name):
    row = mapped.observations[name]
    assert (row["state"], row["reason"], row["scale"]) == ("mapped", None, MAPPED[name][3])
    assert row["value"] == pytest.approx(MAPPED[name][2])


@pytest.mark.parametrize("name", REJECTED)
def test_a_unit_that_is_unknown_or_contradicts_the_scale_is_never_passed_over(mapped, name):
    assert mapped.verdict(name) == ("rejected", REJECTED[name][2])


def test_the_code_is_the_unit_that_is_kept_and_without_one_the_text(mapped):
    rows = mapped.observations
    assert rows["any words beside a code"]["unit"] == "{score}"
    assert rows["out of ten"]["unit"] == "Out of 10"


@pytest.fixture
def with_units(workshop):
    """The shipped lists, with more units of a site."""

    def make(*units):
        added = (Code(name="ours", source="a site", **unit) for unit in units)
        return {**workshop.lists, "pain-units": (*workshop.lists["pain-units"], *added)}

    return make


@pytest.mark.parametrize("system", forms_of(UNIT_TEXT), ids=["today's system", "that of 0.1"])
def test_a_site_adds_its_own_words(workshop, observation, with_units, system):
    lists = with_units({"system": system, "code": "Level", "scale": 10})
    found = workshop.map(observation(**sent(7, "LEVEL")), lists=lists)
    assert found.observations["o"]["value"] == 7


def test_a_unit_without_a_scale_says_nothing_about_it(workshop, observation, with_units):
    lists = with_units({"system": "urn:local", "code": "pts"})
    found = workshop.map(
        observation("by code", NRS, **sent(7, code="pts", system="urn:local")),
        observation("alone", VAS, **sent(7, code="pts", system="urn:local")),
        lists=lists,
    )
    assert found.observations["by code"]["value"] == 7
    assert found.verdict("alone") == ("rejected", "scale-unknown")


def test_a_site_may_list_a_percentage(workshop, observation, with_units):
    lists = with_units({"system": UCUM, "code": "%", "scale": 100})
    found = workshop.map(observation(**sent(50, "%", "%")), lists=lists)
    assert found.observations["o"]["value"] == 5


def test_a_plugin_is_asked_about_a_unit_that_no_list_knows(workshop, observation):
    def read_score(resource):
        return Score(value=resource["valueQuantity"]["value"] / 10, raw="50", scale=100)

    found = workshop.map(observation(**sent(50, "%", "%")), read_score=read_score)
    assert found.observations["o"]["value"] == 5


def test_a_unit_of_a_code_system_is_no_word_for_it(workshop, observation, with_units):
    lists = with_units({"system": "urn:local", "code": "pts", "scale": 10})
    found = workshop.map(observation(**sent(7, "pts")), lists=lists)
    assert found.verdict("o") == ("rejected", "unit-unknown")
