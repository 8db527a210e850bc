"""Servers that do not do as FHIR says: each oddity is noticed and told."""

import pytest
from werkzeug import Response

from abate.errors import SourceError
from abate.survey import survey_server
from abate.survey.budgeted_client import Limit
from abate.telemetry.log import SILENT
from heard import listening


def test_a_server_that_ignores_code_is_not_believed(odd, checked, search_of):
    found = checked(odd(heeds_code=False))
    assert search_of(found, "Procedure") == search_of(found, "Observation") == "ignored"
    assert {one["type"] for one in found["lists"]} == {"Condition"}
    assert "counts by code cannot be trusted" in " ".join(found["advice"]["missing"])
    assert found["advice"]["can"] != []
    assert not any("pull a study" in line for line in found["advice"]["can"])


def test_the_codes_of_such_a_server_are_still_seen_in_the_sample(odd, checked):
    found = checked(odd(heeds_code=False))
    assert [sample["codes"][0]["n"] for sample in found["samples"]] == [3, 5]
    shapes = [tally for one in found["written"] for tally in one["values"]]
    assert shapes == [{"what": "valueQuantity in mm", "n": 5}]


def test_a_server_that_knows_bare_codes_only_is_told(odd, checked, search_of, list_of):
    found = checked(odd(with_system=False))
    assert search_of(found, "Procedure") == "bare-only"
    index = list_of(found, "cementoplasty")
    assert (index["n"], index["bare"]) == (0, 3)
    assert "each run searches again by the bare code" in " ".join(found["advice"]["missing"])
    assert any("3 index procedures and 5 pain" in line for line in found["advice"]["can"])


def test_a_code_that_no_search_finds_is_told(odd, checked, search_of):
    found = checked(odd(finds=False))
    assert search_of(found, "Procedure") == "finds-nothing"
    assert any("but no search finds it" in line for line in found["advice"]["missing"])


def test_counts_without_a_total_are_unknown_and_not_zero(odd, checked, list_of):
    found = checked(odd(totals=False))
    index = list_of(found, "cementoplasty")
    assert index["n"] is None
    assert index["problem"] == "it gives no total"
    assert [code["code"] for code in index["codes"]] == ["81.65"]
    assert list_of(found, "primary-tumour")["n"] == 0


def test_an_order_that_is_refused_is_left_out(odd, checked):
    found = checked(odd(sorts=False))
    assert [sample["newest_first"] for sample in found["samples"]] == [False, False]
    assert [sample["n"] for sample in found["samples"]] == [3, 5]


def test_pages_without_a_total_are_followed(odd, checked):
    found = checked(odd(totals=False, page_size=2))
    assert [(one["n"], one["pages"], one["whole"]) for one in found["samples"]] == [
        (3, 2, True),
        (5, 3, True),
    ]


def test_pages_without_an_end_are_left_after_five(odd, checked):
    found = checked(odd(endless=True))
    assert [(one["n"], one["pages"]) for one in found["samples"]] == [(3, 5), (5, 5)]


def test_a_next_link_to_another_place_is_told_and_not_followed(odd, checked):
    found = checked(odd(page_size=2, next_on="http://other.invalid/r4"))
    [line, *_] = [one for one in found["advice"]["missing"] if one.startswith("Procedure")]
    assert "refers to http://other.invalid/r4/Procedure, " in line


def test_an_answer_that_is_too_large_is_not_read_to_its_end(odd):
    limit = Limit(answer=100_000)
    found = survey_server(odd(filler=10_000_000).base, {}, SILENT, limit)
    assert all("larger than 0 MB" in sample.problem for sample in found.samples)
    assert found.bytes < 2_000_000


def test_the_survey_ends_at_its_limit_with_what_it_has(odd):
    said = []
    found = survey_server(odd().base, {}, listening(said.append), Limit(requests=5))
    assert found.requests == 5
    assert found.stopped == "stopped after 5 requests"
    assert "warning: stopped after 5 requests" in said
    rows = {row.what: row.found for row in found.probes}
    assert (rows["read a Procedure"], rows["types of a report"]) == ("yes", "says yes")
    assert "large pages" not in rows


@pytest.mark.parametrize("limit", [Limit(bytes=1), Limit(seconds=0)])
def test_bytes_and_time_have_limits_too(odd, limit):
    found = survey_server(odd().base, {}, SILENT, limit)
    assert found.requests == 1
    assert found.stopped.startswith("stopped after")


def test_an_empty_server_is_asked_less_than_the_limit(odd, checked):
    server = odd(resources=[])
    found = checked(server)
    assert found["requests"] == len(server.requests) < 50


def test_metadata_that_want_a_login_are_told_so(odd, abate):
    ran = abate("check", odd(metadata=Response("", 401)).base)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "requires a login" in ran.err


def test_conditions_that_are_shut_are_no_end(odd, checked, search_of):
    found = checked(odd(status={"Condition": 403}))
    assert search_of(found, "Condition") == "refused"
    assert "403" in " ".join(found["advice"]["missing"])


def test_a_server_that_refuses_to_search_all_patients_is_told(odd, checked, search_of):
    found = checked(odd(status={"Procedure": 400, "Observation": 400}))
    assert search_of(found, "Observation") == "refused"
    assert "does not search the whole server by code" in " ".join(found["advice"]["missing"])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"fhir_version": "5.0.0"}, "uses FHIR 5.0.0, and abate needs R4"),
        ({"fhir_version": "3.0.2"}, "uses FHIR 3.0.2, and abate needs R4"),
        ({"metadata": Response("<html>", 200, content_type="text/html")}, "not the base URL"),
        ({"metadata": Response("", 404)}, "not the base URL"),
    ],
)
def test_what_is_no_r4_server_is_told_and_ends_with_1(odd, abate, how, words):
    ran = abate("check", odd(**how).base)
    assert (ran.exit_code, ran.out) == (1, "")
    assert words in ran.err


def test_html_instead_of_a_searchset_is_told(odd, checked, search_of, httpserver):
    server = odd()
    page = Response("<html>CANARY</html>", 200, content_type="text/html")
    httpserver.clear()
    httpserver.expect_request("/fhir/metadata").respond_with_handler(server)
    for kind in ("Procedure", "Observation", "Condition"):
        httpserver.expect_request(f"/fhir/{kind}").respond_with_response(page)
    found = checked(server)
    assert search_of(found, "Procedure") == "refused"
    assert "not with JSON" in found["samples"][0]["problem"]
    assert "CANARY" not in str(found)


def test_a_capability_statement_of_another_shape_counts_as_not_said(odd, checked):
    text = '{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[7],"software":"x"}'
    found = checked(odd(metadata=Response(text, content_type="application/json")))
    assert found["server"]["software"] == "not said"
    assert not found["server"]["transaction"]
    assert any("does not offer transactions" in line for line in found["advice"]["missing"])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"transaction": False}, "publish: it does not offer transactions"),
        ({"missing": ("Group", "List")}, "publish: it does not accept Group, List"),
        ({"update_create": False}, "does not let a client choose the id of CodeSystem"),
    ],
)
def test_what_keeps_a_server_from_taking_a_report_is_told(odd, checked, how, words):
    assert any(words in line for line in checked(odd(**how))["advice"]["missing"])


def test_an_update_create_that_is_not_said_is_no_refusal(odd, checked):
    advice = checked(odd(update_create=None))["advice"]
    assert not any("publish" in line for line in advice["missing"])


def test_control_characters_of_a_display_do_not_reach_the_terminal(odd, abate, make):
    local = make("Procedure", "p1", "urn:local", "X\x1b[2J", "cement\x1b]0;owned\x07oplasty\n next")
    shown = abate("check", odd(resources=[local]).base).out
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_the_times_without_an_offset_lead_to_the_sources_timezone(odd, checked, make):
    score = make("Observation", "s", "http://loinc.org", "38214-3", valueInteger=5)
    score["effectiveDateTime"] = "2026-01-02T10:00:00"
    advice = checked(odd(resources=[score]))["advice"]
    assert any(line.startswith("[source] timezone") for line in advice["write"])
    assert any("have no unit and no reference range" in line for line in advice["missing"])


def test_a_server_that_goes_away_on_the_way_ends_with_1(odd, abate):
    server = odd(status={"Observation": 503})
    ran = abate("check", server.base, "--json")
    assert ran.exit_code == 0
    assert "503" in str(ran.json["samples"])
    with pytest.raises(SourceError):
        survey_server("http://127.0.0.1:9/fhir", {}, SILENT)
