"""Faults of rows: every row once, or a named end with nothing changed."""

import cases_rows
from judge import cells, judged


@cells(cases_rows.CASES)
def test_a_fault_of_rows_ends_as_its_case_says(ward, note):
    note(judged(ward, "Rows"))
