"""Faults of HTTP: every row once, or a named end with nothing changed."""

import cases_http
from judge import cells, judged


@cells(cases_http.CASES)
def test_a_fault_of_http_ends_as_its_case_says(ward, note):
    note(judged(ward, "HTTP"))
