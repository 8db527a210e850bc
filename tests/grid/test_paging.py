"""Faults of paging: every row once, or a named end with nothing changed."""

import cases_paging
from judge import cells, judged


@cells(cases_paging.CASES)
def test_a_fault_of_paging_ends_as_its_case_says(ward, note):
    note(judged(ward, "Paging"))
