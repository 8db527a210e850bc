"""Faults that no client can tell: what is missing is what the page of the grid says."""

from cases import THEMES
from judge import cells, unnoticed

THEME = "Undetectable faults"


@cells(THEMES[THEME])
def test_what_is_missing_is_what_the_case_says(ward, note):
    note(unnoticed(ward, THEME))
