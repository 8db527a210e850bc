"""Faults of login: every row once, or a named end with nothing changed."""

from cases import THEMES
from judge import cells, judged


@cells(THEMES["Login"])
def test_a_fault_of_login_ends_as_its_case_says(ward, note):
    note(judged(ward, "Login"))
