"""What becomes of an Observation, by its value, status and shape. One load for all cases."""

import pytest

from abate.fhir.canonical import NAMES_OF_0_1, SYSTEM

NRS, VAS = "72514-3", "38214-3"
ABSENT = {"coding": [{"code": "not-performed"}]}


def answer(code, system="http://loinc.org", **coding):
    return {"coding": [{"system": system, "code": code, **coding}]}


REJECTED = {
    "an integer with a fraction": (NRS, {"valueInteger": 4.7}, "value-not-an-integer"),
    "an integer as text": (NRS, {"valueInteger": "7"}, "value-not-an-integer"),
    "an integer that is true": (NRS, {"valueInteger": True}, "value-not-an-integer"),
    "a quantity as text": (NRS, {"valueQuantity": {"value": "7"}}, "value-not-a-number"),
    "a quantity that is true": (NRS, {"valueQuantity": {"value": True}}, "value-not-a-number"),
    "a quantity of nothing": (NRS, {"valueQuantity": {}}, "value-not-a-number"),
    "a quantity in a list": (NRS, {"valueQuantity": [{"value": 7}]}, "value-malformed"),
    "an answer in a list": (NRS, {"valueCodeableConcept": [answer("LA6113-0")]}, "value-malformed"),
    "an answer of another list": (
        NRS,
        {"valueCodeableConcept": answer("LA9999-9", display="7")},
        "value-not-a-number",
    ),
    "two answers": (
        NRS,
        {
            "valueCodeableConcept": {
                "coding": answer("LA6112-2")["coding"] + answer("LA6113-0")["coding"]
            }
        },
        "answers-differ",
    ),
    "a text": (NRS, {"valueString": "7/10"}, "value-not-a-number"),
    "a comparator": (NRS, {"valueQuantity": {"value": 7, "comparator": ">"}}, "comparator"),
    "eleven on a scale to ten": (NRS, {"valueInteger": 11}, "out-of-range"),
    "less than nothing": (NRS, {"valueInteger": -1}, "out-of-range"),
    "eleven without a scale": (VAS, {"valueInteger": 11}, "scale-unknown"),
    "seven without a scale": (VAS, {"valueInteger": 7}, "scale-unknown"),
    "99 on a scale to ten": (NRS, {"valueInteger": 99}, "sentinel-99"),
    "99 without a scale": (VAS, {"valueInteger": 99}, "sentinel-99"),
    "two values": (NRS, {"valueInteger": 7, "valueQuantity": {"value": 7}}, "several-values"),
    "two values, one of a wrong shape": (
        NRS,
        {"valueInteger": 7, "valueQuantity": [{"value": 6}]},
        "several-values",
    ),
    "a value and a date": (NRS, {"valueInteger": 7, "valueDateTime": "2020"}, "several-values"),
    "components only": (
        NRS,
        {
            "component": [
                {
                    "code": {"coding": [{"system": "http://loinc.org", "code": NRS}]},
                    "valueInteger": 7,
                }
            ]
        },
        "no-value",
    ),
    "no value": (NRS, {}, "no-value"),
    "an integer that is an object": (NRS, {"valueInteger": {}}, "value-not-an-integer"),
    "a value that is absent": (
        NRS,
        {"valueInteger": 7, "dataAbsentReason": ABSENT},
        "value-and-data-absent",
    ),
    "a code that is a list": (NRS, {"valueInteger": 7, "code": [{}]}, "no-code"),
    "a code without a system": (
        NRS,
        {"valueInteger": 7, "code": {"coding": [{"code": NRS}]}},
        "no-code",
    ),
    "a code that is text": (NRS, {"valueInteger": 7, "code": {"text": "Pain score"}}, "no-code"),
    "a focus that is an object": (
        NRS,
        {"valueInteger": 7, "focus": {"reference": "Procedure/a"}},
        "reference-unreadable",
    ),
    "a body site that is a list": (
        NRS,
        {"valueInteger": 7, "bodySite": [{}]},
        "body-site-malformed",
    ),
    "a reference range that is an object": (
        VAS,
        {
            "valueQuantity": {"value": 7, "code": "{score}"},
            "referenceRange": {"high": {"value": 100}},
        },
        "range-malformed",
    ),
    "a reference range of bare numbers": (
        VAS,
        {"valueQuantity": {"value": 7, "code": "{score}"}, "referenceRange": [{"high": 100}]},
        "range-malformed",
    ),
    "a reference range of text": (
        VAS,
        {
            "valueQuantity": {"value": 7, "code": "{score}"},
            "referenceRange": [{"high": {"value": "100"}}],
        },
        "range-malformed",
    ),
    "a code for rest and one for movement": (
        NRS,
        {
            "valueInteger": 7,
            "code": {
                "coding": [
                    {"system": "http://loinc.org", "code": NRS},
                    {"system": "http://snomed.info/sct", "code": "443394008"},
                ]
            },
        },
        "codes-differ",
    ),
    "no status": (NRS, {"valueInteger": 7, "status": None}, "no-status"),
    "a status of its own": (NRS, {"valueInteger": 7, "status": "signed"}, "status-malformed"),
    "no patient": (NRS, {"valueInteger": 7, "subject": None}, "no-patient"),
    "a group's": (NRS, {"valueInteger": 7, "subject": {"reference": "Group/g"}}, "no-patient"),
}

IGNORED = {
    "an error": (NRS, {"valueInteger": 7, "status": "entered-in-error"}, "status-entered-in-error"),
    "cancelled": (NRS, {"valueInteger": 7, "status": "cancelled"}, "status-cancelled"),
    "absent data": (NRS, {"dataAbsentReason": ABSENT}, "data-absent"),
    "our own report": (
        NRS,
        {"valueInteger": 7, "identifier": [{"system": "urn:x"}, {"system": SYSTEM, "value": "v"}]},
        "own-report",
    ),
    "our own report of 0.1": (
        NRS,
        {"valueInteger": 7, "identifier": [{"system": NAMES_OF_0_1[SYSTEM], "value": "v"}]},
        "own-report",
    ),
    "interference": ("77565-0", {"valueInteger": 7}, "not-a-pain-score"),
}


def quantity(value, code=None, **more):
    return {"valueQuantity": {"value": value, **({"code": code} if code else {})}, **more}


def to(high, low=0):
    return [{"low": {"value": low}, "high": {"value": high}}]


# (code, changes, value from 0 to 10, raw, scale)
MAPPED = {
    "an integer": (NRS, {"valueInteger": 7}, 7, "7", 10),
    "zero": (NRS, {"valueInteger": 0}, 0, "0", 10),
    "a decimal": (NRS, quantity(4.7), 4.7, "4.7", 10),
    "millimetres": (VAS, quantity(99, "mm"), 9.9, "99", 100),
    "centimetres": (VAS, quantity(4.5, "cm"), 4.5, "4.5", 10),
    "millimetres by name": (VAS, {"valueQuantity": {"value": 55, "unit": "mm"}}, 5.5, "55", 100),
    "a score": (VAS, quantity(7, "{score}"), 7, "7", 10),
    "a pure number": (VAS, quantity(7, "1"), 7, "7", 10),
    "a range to 10": (VAS, {"valueInteger": 7, "referenceRange": to(10)}, 7, "7", 10),
    "a range to 100": (VAS, {"valueInteger": 7, "referenceRange": to(100)}, 0.7, "7", 100),
    "a score in a range to 100": (
        VAS,
        quantity(70, "{score}", referenceRange=to(100)),
        7,
        "70",
        100,
    ),
    "a range to 10 without low": (
        VAS,
        {"valueInteger": 7, "referenceRange": [{"high": {"value": 10}}]},
        7,
        "7",
        10,
    ),
    "a normal range in a range": (
        VAS,
        {"valueInteger": 7, "referenceRange": to(3) + to(10)},
        7,
        "7",
        10,
    ),
    "a name that says 0-10": (NRS, {"valueInteger": 7, "referenceRange": to(3)}, 7, "7", 10),
    "a broken range where the code says 0-10": (
        NRS,
        {"valueInteger": 7, "referenceRange": {"high": {"value": 100}}},
        7,
        "7",
        10,
    ),
    "a range without numbers": (
        VAS,
        quantity(7, "{score}", referenceRange=[{"high": {"unit": "{score}"}, "text": "usual"}]),
        7,
        "7",
        10,
    ),
    "preliminary": (NRS, {"valueInteger": 7, "status": "preliminary"}, 7, "7", 10),
    "an answer": (NRS, {"valueCodeableConcept": answer("LA10139-6")}, 7, "7", 10),
    "an answer shown as 2 or more": (
        VAS,
        {"valueCodeableConcept": answer("LA6113-0", display="2 or more")},
        2,
        "2",
        10,
    ),
    "an answer with https": (
        VAS,
        {"valueCodeableConcept": answer("LA13942-0", "https://loinc.org")},
        10,
        "10",
        10,
    ),
    "a broken coding beside a good one": (
        NRS,
        {
            "valueInteger": 7,
            "code": {"coding": ["x", None, {"system": "http://loinc.org", "code": NRS}]},
        },
        7,
        "7",
        10,
    ),
}

CONTRADICTORY = {
    "millimetres to 10": (VAS, quantity(7, "mm", referenceRange=to(10))),
    "centimetres to 100": (VAS, quantity(7, "cm", referenceRange=to(100))),
    "millimetres of a 0-10 code": (NRS, quantity(7, "mm")),
    "a 0-10 code to 100": (NRS, {"valueInteger": 7, "referenceRange": to(100)}),
    "a score with a normal range to 30": (VAS, quantity(7, "{score}", referenceRange=to(30))),
}

UNKNOWN = {
    "a normal range is no scale": (VAS, {"valueInteger": 2, "referenceRange": to(3)}),
    "a range from 1 to 10": (VAS, {"valueInteger": 2, "referenceRange": to(10, low=1)}),
    "38208-5 by itself": ("38208-5", {"valueInteger": 7}),
}

ALL = {**REJECTED, **IGNORED, **MAPPED, **CONTRADICTORY, **UNKNOWN}


@pytest.fixture(scope="module")
def mapped(shared_workshop, observation):
    cases = [observation(name, case[0], **case[1]) for name, case in ALL.items()]
    return shared_workshop.map(*cases)


def test_every_case_is_in_the_books(mapped):
    books = mapped.accounted["Observation"]
    rejected = len(REJECTED) + len(CONTRADICTORY) + len(UNKNOWN)
    assert (books.received, books.mapped, books.ignored, books.rejected) == (
        len(ALL),
        len(MAPPED),
        len(IGNORED),
        rejected,
    )
    assert len(mapped.observations) == len(ALL)


@pytest.mark.parametrize("name", REJECTED)
def test_what_cannot_be_read_is_rejected_by_its_reason(mapped, name):
    assert mapped.verdict(name) == ("rejected", REJECTED[name][2])


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_score_by_rule_is_ignored(mapped, name):
    assert mapped.verdict(name) == ("ignored", IGNORED[name][2])


@pytest.mark.parametrize("name", MAPPED)
def test_what_can_be_read_is_a_score_from_0_to_10_with_its_raw_value_and_scale(mapped, name):
    row = mapped.observations[name]
    assert (row["state"], row["reason"]) == ("mapped", None)
    assert (row["value"], row["raw"], row["scale"]) == (
        pytest.approx(MAPPED[name][2]),
        *MAPPED[name][3:],
    )


@pytest.mark.parametrize("name", CONTRADICTORY)
def test_declarations_that_contradict_each_other_are_rejected(mapped, name):
    assert mapped.verdict(name) == ("rejected", "scale-contradictory")


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_scale_that_nothing_declares_is_never_guessed(mapped, name):
    assert mapped.verdict(name) == ("rejected", "scale-unknown")


def test_a_preliminary_score_keeps_its_status(mapped):
    assert mapped.observations["preliminary"]["status"] == "preliminary"


def test_instrument_and_unit_stand_beside_the_score(mapped):
    assert mapped.observations["an integer"]["instrument"] == "NRS"
    assert mapped.observations["millimetres"]["instrument"] == "VAS"
    assert mapped.observations["millimetres"]["unit"] == "mm"


def test_codes_that_differ_leave_no_instrument(mapped):
    assert mapped.observations["a code for rest and one for movement"]["instrument"] is None


def test_several_codings_give_one_row_with_what_any_of_them_says(workshop, observation):
    codings = [
        {"system": "urn:local", "code": "17"},
        {"system": "http://snomed.info/sct", "code": "225908003"},
        {"system": "http://loinc.org", "code": NRS},
        {"system": "http://loinc.org", "code": NRS, "userSelected": True},
    ]
    found = workshop.map(observation(valueInteger=7, code={"coding": codings}))
    row = found.observations["o"]
    assert (row["state"], row["instrument"], row["scale"]) == ("mapped", "NRS", 10)
    assert found.accounted["Observation"].mapped == 1


def test_a_unit_in_two_code_systems_gives_one_row(workshop, observation):
    local = workshop.lists["pain-units"][0].__class__(
        system="urn:local", code="mm", name="millimetre", scale=100, source="a site"
    )
    lists = {**workshop.lists, "pain-units": (*workshop.lists["pain-units"], local)}
    found = workshop.map(observation(**quantity(55, "mm")), lists=lists)
    assert found.accounted["Observation"].mapped == 1
    assert found.observations["o"]["value"] == 5.5


def test_a_unit_with_two_scales_is_contradictory(workshop, observation):
    local = workshop.lists["pain-units"][0].__class__(
        system="urn:local", code="mm", name="half a line", scale=50, source="a site"
    )
    lists = {**workshop.lists, "pain-units": (*workshop.lists["pain-units"], local)}
    found = workshop.map(observation(**quantity(55, "mm")), lists=lists)
    assert found.verdict("o") == ("rejected", "scale-contradictory")
