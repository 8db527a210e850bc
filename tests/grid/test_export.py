"""Faults of export: every row once, or a named end with nothing changed."""

from cases import THEMES
from judge import cells, judged


@cells(THEMES["Bulk Data export"])
def test_a_fault_of_export_ends_as_its_case_says(ward, note):
    note(judged(ward, "Bulk Data export"))
