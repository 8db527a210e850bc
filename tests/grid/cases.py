"""All cases of the fault grid, by theme, in the order of the page."""

import cases_export
import cases_http
import cases_lines
import cases_login
import cases_nights
import cases_paging
import cases_rows
import cases_said
import cases_search
import cases_uncounted
import cases_unseen
import cases_writing

THEMES = {
    "HTTP": cases_http.CASES,
    "Paging": cases_paging.CASES,
    "Search": cases_search.CASES,
    "What an answer says": cases_said.CASES,
    "Without a count": cases_uncounted.CASES,
    "Rows": cases_rows.CASES,
    "Doubtful answers": cases_nights.CASES,
    "Login": cases_login.CASES,
    "Bulk Data export": cases_export.CASES,
    "Files": cases_lines.CASES,
    "Writing": cases_writing.CASES,
    "Undetectable faults": cases_unseen.CASES,
}
