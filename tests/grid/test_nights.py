"""Doubtful answers: every row once, or a named end with nothing changed."""

from cases import THEMES
from judge import cells, judged


@cells(THEMES["Doubtful answers"])
def test_a_doubtful_answer_ends_as_its_case_says(ward, note):
    note(judged(ward, "Doubtful answers"))
