"""The checklists: what is said, by whom, and what is missing."""

import re
from dataclasses import replace

import pytest

from abate import Result
from abate_analyses.reporting import checklists

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def _items(results):
    return {one.item.id: one for _, items in checklists.fill(results) for one in items}


def test_record_has_its_13_items():
    [record] = [one for one in checklists.load() if one.title.startswith("RECORD")]
    assert [item.number for item in record.item] == [
        "1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1",
        "22.1",
    ]  # fmt: skip


def test_strobe_has_the_items_of_a_cohort_from_missing_data_to_precision():
    [strobe] = [one for one in checklists.load() if one.title.startswith("STROBE")]
    numbers = {item.number for item in strobe.item}
    assert {"12c", "12d", "12e", "13a", "13b", "13c", "14b", "14c", "15", "16a"} <= numbers


def test_ids_are_slugs_and_given_once():
    ids = [item.id for one in checklists.load() for item in one.item]
    assert len(ids) == len(set(ids))
    assert all(SLUG.fullmatch(one) for one in ids)


def test_every_item_can_be_filled():
    for item in (item for one in checklists.load() for item in one.item):
        assert item.abate or item.statement, item.id
        assert not (item.analysis or item.both) or (item.abate and item.statement), item.id


def test_every_key_can_stand_in_a_study_file():
    keys = checklists.statements()
    assert len(keys) > 20
    assert all(SLUG.fullmatch(key) for key in keys)


def test_what_nobody_says_is_missing_and_names_its_key(tiny):
    item = _items(tiny)["record-12-1"]
    assert (item.state, item.wanted) == ("missing", "data-access")


def test_what_a_person_says_is_shown(tiny, parsed, text_of, render):
    said = replace(tiny, statements={"data-access": "All tables of the <registry>."})
    assert _items(said)["record-12-1"].state == "by a person"
    [row] = [one for one in parsed(render(said)).iter("tr") if one.get("id") == "record-12-1"]
    assert "All tables of the <registry>." in text_of(row)


def test_what_both_must_say_is_in_part_until_both_do(tiny):
    assert _items(tiny)["record-1-2"].state == "in part"
    said = replace(tiny, statements={"setting": "One hospital in Hong Kong."})
    assert _items(said)["record-1-2"].state == "by abate"


def test_an_analysis_fills_an_item_only_if_it_gave_a_number(tiny, outcome):
    assert _items(tiny)["strobe-12e"].places == [("analysis-first-week", "first-week")]
    nothing = replace(tiny, outcomes=[outcome(Result.not_estimable("nobody"))])
    assert _items(nothing)["strobe-12e"].state == "missing"


@pytest.mark.parametrize(("gone", "item"), [("attrition", "strobe-13a"), ("design", "strobe-7")])
def test_a_part_that_the_page_has_not_fills_nothing(tiny, gone, item):
    assert _items(tiny)[item].state == "by abate"
    assert _items(replace(tiny, **{gone: {} if gone == "design" else []}))[item].state == "missing"


def test_the_counts_add_up(study):
    filled = checklists.fill(study)
    assert sum(checklists.count_states(filled).values()) == sum(len(items) for _, items in filled)


def test_every_item_is_on_the_page(study, study_tree):
    ids = {one.get("id") for one in study_tree.iter("tr")}
    assert set(_items(study)) <= ids
