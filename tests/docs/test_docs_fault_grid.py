"""The page of the fault grid says what its cases say."""

import re

from cases import THEMES
from ways import WAYS


def ends(case, ways=WAYS):
    by_way = {way: end(case, way) for way in case.ways}
    return [by_way.get(way, "") for way in ways]


def end(case, way):
    if way in case.unseen:
        return "undetectable"
    return "failed closed" if way in case.fails else "complete"


def test_the_page_of_the_fault_grid_has_each_case_with_its_ends(reference, section, rows):
    text = reference("fault-grid.md")
    for theme, cases in THEMES.items():
        ways = [way for way in WAYS if any(way in one.ways for one in cases)]
        expected = [[f"`{one.id}`", one.says, one.seen, *ends(one, ways)] for one in cases]
        assert rows(section(text, f"### {theme}")) == expected, "make grid, docs/make_grid.py"


def test_the_totals_of_the_fault_grid_are_those_of_its_cases(reference):
    found = [end for cases in THEMES.values() for case in cases for end in ends(case) if end]
    complete, closed, unseen = map(found.count, ("complete", "failed closed", "undetectable"))
    [line] = re.findall(r"^cells .*$", reference("fault-grid.md"), flags=re.MULTILINE)
    assert line == (
        f"cells {complete + closed}, complete {complete}, failed closed {closed}, "
        "rows lost 0, rows doubled 0, figures false 0; "
        f"undetectable {unseen}"
    )


def test_each_case_of_the_fault_grid_has_a_name_of_its_own():
    names = [case.id for cases in THEMES.values() for case in cases]
    assert len(names) == len(set(names))
