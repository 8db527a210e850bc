"""Where requests go: to our origin only, with its cookies; and what a next link may be."""

import pytest

from abate.errors import IncompletePull, SourceError
from abate.fhir.client import FhirServer
from abate.http.urls import at_home, join, place_of
from abate.source.query import Query
from abate.source.search.paging import CursorExpired, Pager
from abate.telemetry.log import SILENT


@pytest.mark.parametrize(
    ("base", "link", "found"),
    [
        ("https://h.example/app/r4", "/app/r4/Patient?page=2", "https://h.example/app/r4/Patient?page=2"),
        ("https://h.example/app/r4", "Patient?page=2", "https://h.example/app/r4/Patient?page=2"),
        ("https://h.example/app/r4", "?_getpages=x", "https://h.example/app/r4/?_getpages=x"),
        ("https://h.example/r4", "https://h.example:443:443/r4/Patient", "https://h.example/r4/Patient"),
        ("https://h.example/r4", "https://H.example:443/r4/Patient", "https://h.example/r4/Patient"),
        ("https://h.example/r4", "http://h.example/r4/Patient", "https://h.example/r4/Patient"),
        ("https://h.example/r4", "http://fhir-7f9c:8080/r4?_getpages=x", "https://h.example/r4?_getpages=x"),
        ("https://h.example", "http://internal/Patient?ct=x", "https://h.example/Patient?ct=x"),
        ("https://h.example", "http://internal?_getpages=x", "https://h.example?_getpages=x"),
        ("https://h.example", "http://internal/_page/3", "https://h.example/_page/3"),
        ("https://h.example/r4", "https://me:secret@h.example/r4/Patient#x", "https://h.example/r4/Patient"),
    ],
)  # fmt: skip
def test_a_link_of_the_server_leads_to_our_base(base, link, found):
    assert at_home(base, join(f"{base}/", link)) == found


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("https://h.example/r4", "https://other.example/r5/Patient"),
        ("https://h.example/r4", "https://other.example/r44/Patient"),
        ("https://h.example/r4", "https://other.example/"),
        ("https://h.example/r4", "https://other.example/r4/../admin"),
        ("https://h.example/r4", "file:///r4/Patient"),
        ("https://h.example", "https://other.example/login?next=x"),
        ("https://h.example", "https://other.example/r4/Patient"),
    ],
)
def test_a_link_to_another_server_leads_nowhere(base, link):
    assert at_home(base, join(f"{base}/", link)) is None


def test_nothing_is_sent_to_another_origin(wild, raw):
    with raw.Server() as other:
        elsewhere = other.base.replace("/fhir", "/r4")
        with FhirServer(wild.base) as server, pytest.raises(SourceError, match="refers to"):
            server.get(f"{elsewhere}/Patient?_id=canary")
        assert other.asked == wild.asked == []


PAGE = b'{"resourceType": "Bundle", "type": "searchset"}'


def follow(server, link, *, posted):
    """The page that a next link of a search leads to, where the search was made by POST or GET."""
    query = Query(name="patients", type="Patient", ids=("p1",) if posted else ())
    return Pager(server=server, log=SILENT).page(query, 2, link)


@pytest.mark.parametrize("status", [405, 414])
def test_a_next_link_of_a_posted_search_that_get_does_not_take_is_told_apart(wild, raw, status):
    wild.answers = [raw.sent(b"{}", status)]
    words = rf"/fhir \(a next link\) answered {status}\."
    with FhirServer(wild.base) as server:
        with pytest.raises(CursorExpired, match=words):
            follow(server, "?_getpages=canary", posted=True)
        with pytest.raises(IncompletePull, match=words) as told:
            follow(server, "?_getpages=canary", posted=False)
    assert not isinstance(told.value, CursorExpired)
    assert "canary" not in str(told.value)


@pytest.mark.parametrize("posted", [True, False])
@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_next_link_that_is_gone_is_told_apart_and_one_that_is_there_is_followed(
    wild, raw, posted, status
):
    wild.answers = [raw.sent(PAGE), raw.sent(b"{}", status)]
    with FhirServer(wild.base) as server:
        assert follow(server, "?_getpages=x", posted=posted).next is None
        with pytest.raises(CursorExpired, match=f"answered {status}"):
            follow(server, "?_getpages=x", posted=posted)


def test_a_next_link_of_over_4_kb_is_followed_and_told_apart_where_it_is_not_found(wild, raw):
    link = "Patient?ct=" + "x" * 4100
    wild.answers = [raw.sent(PAGE), raw.sent(b"{}", 414)]
    with FhirServer(wild.base) as server:
        assert follow(server, link, posted=False).next is None
        with pytest.raises(CursorExpired, match=r"answered 414: its next link has 4111 characters"):
            follow(server, link, posted=False)


def test_a_posted_search_whose_next_link_is_not_taken_is_begun_three_times(
    script, pull, resource, respond
):
    link = script.link("Observation", 2)
    first = script.bundle(resource["Observation"]("s1"), total=2, following=link)
    script.pages["Observation"] = [first, respond("{}", 405)]
    with pytest.raises(IncompletePull, match=r"Observation, page 2\): .* answered 405"):
        pull()
    posted = [one for one in script.requests if one[1] == "/fhir/Observation/_search"]
    assert len(posted) == 3


def test_a_cookie_of_a_load_balancer_comes_back_to_the_same_server_only(wild, raw, tmp_path):
    wild.answers = [raw.sent(Set_Cookie="node=7; Path=/"), raw.sent()]
    with raw.Server() as other, FhirServer(wild.base) as server:
        server.get("Patient")
        server.get("Patient")
        server.download(f"{other.base}/file", tmp_path / "file", authorised=False)
        assert "Cookie" not in other.asked[0][1]
    assert [headers.get("Cookie") for _, headers, _ in wild.asked] == [None, "node=7"]


def test_a_login_of_a_netrc_file_is_not_sent(wild, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with FhirServer(wild.base) as server:
        server.get("Patient")
    assert "Authorization" not in wild.asked[0][1]


def test_a_job_is_started_polled_and_deleted_over_the_same_way(wild, raw):
    status = wild.base.replace("http://127.0.0.1", "https://internal.example") + "/job/7"
    wild.answers = [
        raw.sent(b"", 202, Content_Location=status),
        raw.sent(b"", 202, Retry_After=5),
        raw.sent(b"", 303, Location=f"{wild.base}/result/7"),
        raw.sent(b"", 202),
    ]
    with FhirServer(wild.base) as server:
        at = server.start("$export", {"_type": "Patient"}).headers["content-location"]
        assert server.poll(at).headers["retry-after"] == "5"
        assert server.poll(at).headers["location"].endswith("/result/7")
        assert server.delete(at).status == 202
    assert [line for line, _, _ in wild.asked] == [
        "GET /fhir/$export?_type=Patient",
        "GET /fhir/job/7",
        "GET /fhir/job/7",
        "DELETE /fhir/job/7",
    ]
    assert wild.asked[0][1]["Prefer"] == "respond-async"
    assert wild.asked[1][1]["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/fhir/Patient/canary/_history/3?x=canary", "/fhir/Patient/[id]/_history/3"),
        ("/fhir/Observation/canary", "/fhir/Observation/[id]"),
        ("/fhir/Patient/_search", "/fhir/Patient/_search"),
        ("/fhir/Observation/$lastn", "/fhir/Observation/$lastn"),
        ("/fhir/metadata", "/fhir/metadata"),
    ],
)
def test_a_place_shows_no_id_of_a_patients_resource(path, shown):
    assert place_of(f"https://fhir.example{path}") == f"https://fhir.example{shown}"
