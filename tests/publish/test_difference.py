"""The difference of an update, by number and by element."""

import json

from abate.fhir.canonical import COMPONENT, DIGEST, NAMES_OF_0_1
from abate.publish.diff import Number, elements, numbers, wordy

MARK = {"url": DIGEST, "valueString": "0a"}


def concept(code, text=""):
    theirs = {"system": "http://hl7.example", "code": "theirs"}
    return {"coding": [theirs, {"system": COMPONENT, "code": code}], "text": text or code}


def statistic(value, n, falls=6, p=0.125):
    return {
        "resourceType": "Observation",
        "id": "a",
        "method": {"text": "sign test"},
        "valueQuantity": {"value": value, "unit": "1"},
        "component": [
            {"code": concept("n", "number of units"), "valueInteger": n},
            {"code": concept("count", "falls"), "valueInteger": falls},
            {"code": concept("p"), "valueQuantity": {"value": p}},
        ],
    }


def population(code, count):
    return {"code": {"coding": [{"system": "http://hl7.example", "code": code}]}, "count": count}


def measured(numerator, with_adjunct, score):
    adjunct = {
        "component": [{"code": concept("adjunct"), "value": {"text": "yes"}}],
        "population": [population("numerator", with_adjunct)],
    }
    return {
        "resourceType": "MeasureReport",
        "id": "a",
        "group": [
            {
                "code": concept("proportion"),
                "population": [population("numerator", numerator)],
                "measureScore": {"value": score},
                "stratifier": [{"code": [concept("adjunct")], "stratum": [adjunct]}],
            }
        ],
    }


def moved(name, old, new):
    return Number(name=name, old=old, new=new)


def as_of_0_1(resource):
    return json.loads(json.dumps(resource).replace(COMPONENT, NAMES_OF_0_1[COMPONENT]))


def test_the_same_numbers_under_the_code_system_of_0_1_are_the_same():
    assert numbers(statistic(2, 8), as_of_0_1(statistic(2, 8))) == ()
    assert numbers(statistic(2, 8, p=0.5), as_of_0_1(statistic(2, 8))) == (moved("p", 0.125, 0.5),)


def test_a_statistics_numbers_are_named():
    new, old = statistic(2.5, 9, falls=7, p=0.0625), statistic(2, 8)
    assert numbers(new, old) == (
        moved("value", 2, 2.5),
        moved("n", 8, 9),
        moved("count of falls", 6, 7),
        moved("p", 0.125, 0.0625),
    )


def test_a_number_that_comes_or_goes_has_none_beside_it():
    new, old = statistic(2, 8), statistic(2, 8)
    old["component"].pop()
    assert numbers(new, old) == (moved("p", None, 0.125),)
    assert numbers(old, new) == (moved("p", 0.125, None),)


def test_a_measure_reports_counts_are_named_by_population_and_stratum():
    assert numbers(measured(7, 3, 0.75), measured(6, 2, 0.5)) == (
        moved("numerator", 6, 7),
        moved("measureScore", 0.5, 0.75),
        moved("adjunct yes numerator", 2, 3),
    )


def test_numbers_of_one_name_are_counted():
    new, old = measured(7, 3, 0.5), measured(7, 3, 0.5)
    for one in (new, old):
        one["group"][0]["population"].append(population("numerator", 1))
    new["group"][0]["population"][1]["count"] = 2
    assert numbers(new, old) == (moved("numerator (2)", 1, 2),)


def test_what_is_not_a_number_is_named_as_an_element():
    new, old = statistic(2.5, 9), statistic(2, 8)
    new["method"] = {"text": "signed rank test"}
    assert elements(new, old) == ("valueQuantity", "component")
    new["extension"] = [MARK]
    assert elements(new, old) == ("valueQuantity", "component", "method")
    assert wordy(new, old) == ("method",)


def test_an_element_that_only_the_target_has_is_named():
    new, old = statistic(2, 8), statistic(2, 8)
    new["extension"] = [MARK]
    old["note"] = [{"text": "a remark"}]
    assert elements(new, old) == ("note",)


def test_people_are_shown_old_and_new(abate, ran, source, keep_analyses):
    keep_analyses(ran, week=["falls"])
    abate("publish", ran)
    falls = source.statistic("week/falls")
    falls["valueQuantity"]["value"] = 2
    falls["component"][0]["valueInteger"] = 6
    source.put(falls)
    shown = abate("publish", ran, "--dry-run").out.splitlines()
    assert shown[:2] == ["week: 1 estimate changed", "  falls: value 2 -> 3, n 6 -> 7"]
    whole = abate("publish", ran, "--dry-run", "--verbose").out.splitlines()
    line = f"update  Observation/{falls['id']} week/falls (value 2 -> 3, n 6 -> 7)"
    assert whole[0] == line


def test_programs_are_given_old_and_new(abate, ran, source, keep_analyses):
    keep_analyses(ran, week=["falls"])
    abate("publish", ran)
    falls = source.statistic("week/falls")
    falls["valueQuantity"]["value"] = 2
    source.put(falls)
    rows = abate("publish", ran, "--dry-run", "--json").json["changes"]
    assert [one for one in rows if one["action"] == "update"] == [
        {
            "reference": f"Observation/{falls['id']}",
            "name": "week/falls",
            "action": "update",
            "differs": ["valueQuantity"],
            "numbers": [{"name": "value", "old": 2, "new": 3}],
        }
    ]
