"""All cases of the fault grid, by theme, in the order of the page."""

import cases_http
import cases_paging
import cases_rows
import cases_search
import cases_writing

THEMES = {
    "HTTP": cases_http.CASES,
    "Paging": cases_paging.CASES,
    "Search": cases_search.CASES,
    "Rows": cases_rows.CASES,
    "Writing": cases_writing.CASES,
}
