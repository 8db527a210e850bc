"""Faults of rows: every row once, or a named end with nothing changed."""

from cases import THEMES
from judge import cells, judged


@cells(THEMES["Rows"])
def test_a_fault_of_rows_ends_as_its_case_says(ward, note):
    note(judged(ward, "Rows"))
