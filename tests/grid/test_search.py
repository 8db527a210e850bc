"""Faults of search: every row once, or a named end with nothing changed."""

import cases_search
from judge import cells, judged


@cells(cases_search.CASES)
def test_a_fault_of_search_ends_as_its_case_says(ward, note):
    note(judged(ward, "Search"))
