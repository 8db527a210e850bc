"""What an answer says: every row once, or a named end with nothing changed."""

from cases import THEMES
from judge import cells, judged

THEME = "What an answer says"


@cells(THEMES[THEME])
def test_a_fault_ends_as_its_case_says(ward, note):
    note(judged(ward, THEME))
