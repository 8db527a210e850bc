"""The page as a document: headings, tables, drawings, links, and nothing from elsewhere."""

import re
from itertools import pairwise

import pytest

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def test_there_is_one_h1_and_no_heading_level_is_left_out(study_tree):
    levels = [int(one.tag[1]) for one in study_tree.iter() if one.tag in HEADINGS]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_language_and_the_title_are_said(study_tree, study):
    assert study_tree.get("lang") == "en"
    assert study.title in study_tree.findtext("head/title")


def test_every_table_has_a_caption_and_heads_with_a_scope(study_tree, text_of):
    tables = list(study_tree.iter("table"))
    assert len(tables) > 5
    for table in tables:
        assert text_of(table.find("caption"))
        assert table.findall("thead/tr/th")
        assert {head.get("scope") for head in table.iter("th")} <= {"col", "row"}
        for row in table.findall("tbody/tr"):
            assert row[0].get("scope") == "row" or row[0].get("colspan")


def test_every_row_of_a_table_has_as_many_cells_as_the_table_has_heads(study_tree):
    for table in study_tree.iter("table"):
        heads = len(table.findall("thead/tr/th"))
        for row in table.findall("tbody/tr"):
            assert len(row) == heads or row[0].get("colspan") == str(heads)


def test_every_drawing_has_a_title_and_a_description(study_tree, text_of):
    drawings = list(study_tree.iter("svg"))
    assert len(drawings) >= 8
    ids = {one.get("id"): one for one in study_tree.iter() if one.get("id")}
    for drawing in drawings:
        assert drawing.get("role") == "img"
        title, description = drawing.get("aria-labelledby").split()
        assert text_of(ids[title])
        assert text_of(ids[description])


def test_no_chart_of_the_study_is_left_undrawn(study_page):
    assert "This chart is not drawn" not in study_page


def test_ids_are_given_once_and_every_link_leads_to_one(study_tree):
    ids = [one.get("id") for one in study_tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    links = [one.get("href") for one in study_tree.iter() if one.get("href")]
    assert len(links) > 20
    assert {link for link in links if link[:1] != "#" or link[1:] not in ids} == set()


@pytest.mark.parametrize("attribute", ["aria-labelledby", "aria-describedby"])
def test_every_label_that_is_pointed_to_is_there(study_tree, attribute):
    ids = {one.get("id") for one in study_tree.iter()}
    for one in study_tree.iter():
        assert set(one.get(attribute, "").split()) <= ids


def test_every_pointer_in_a_drawing_leads_to_its_own_drawing(study_tree):
    for drawing in study_tree.iter("svg"):
        own = {one.get("id") for one in drawing.iter()}
        values = [value for one in drawing.iter() for value in one.attrib.values()]
        pointers = re.findall(r"url\(#([^)]+)\)", " ".join(values))
        assert set(pointers) <= own


def test_nothing_acts_and_nothing_comes_from_elsewhere(study_tree, study_page):
    tags = {one.tag for one in study_tree.iter()}
    assert tags & {"script", "link", "img", "iframe", "object", "image", "use", "form"} == set()
    for one in study_tree.iter():
        assert not any(key.startswith("on") or key in ("src", "xlink:href") for key in one.attrib)
    assert "@import" not in study_page
    assert re.findall(r"url\((?!#)", study_page) == []


def test_a_reader_can_skip_to_the_report(study_tree):
    first = next(study_tree.iter("a"))
    assert first.get("href") == "#main"
    assert study_tree.find("body/main").get("id") == "main"


def test_every_wide_table_scrolls_in_a_place_that_the_keyboard_reaches(study_tree):
    holders = {child: one for one in study_tree.iter() for child in one}
    for table in study_tree.iter("table"):
        holder = holders[table]
        assert (holder.get("role"), holder.get("tabindex")) == ("region", "0")
