"""All cases of the fault grid, by theme, in the order of the page."""

import cases_export
import cases_http
import cases_lines
import cases_login
import cases_nights
import cases_paging
import cases_rows
import cases_search
import cases_writing

THEMES = {
    "HTTP": cases_http.CASES,
    "Paging": cases_paging.CASES,
    "Search": cases_search.CASES,
    "Rows": cases_rows.CASES,
    "Doubtful answers": cases_nights.CASES,
    "Login": cases_login.CASES,
    "Bulk Data export": cases_export.CASES,
    "Files": cases_lines.CASES,
    "Writing": cases_writing.CASES,
}
