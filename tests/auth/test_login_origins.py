"""A login goes to the server itself, and to nobody else; and nothing goes in the clear."""

import pytest
import requests
from werkzeug import Response

from abate.errors import AbateError, SourceError
from abate.fhir.client import FhirServer
from abate.http.access import OwnOrigin


@pytest.fixture
def elsewhere(another):
    """Another server, that notes who comes."""
    server = another()
    server.expect_request("/fhir/Patient").respond_with_json({"resourceType": "Bundle"})
    return server


@pytest.fixture
def server(enter, front, monkeypatch):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", "MARKER")
    front.allows = lambda _: True
    return enter(auth={"kind": "bearer"})


def test_a_redirect_to_another_origin_gets_no_login(server, front, elsewhere):
    moved = Response("", 307, {"Location": elsewhere.url_for("/fhir/Patient")})
    front.behind = lambda _: moved
    with pytest.raises(SourceError, match="refers to"):
        server.get("Patient")
    assert elsewhere.log == []


def test_a_next_link_to_another_origin_gets_no_login(server, elsewhere):
    with pytest.raises(SourceError, match="refers to"):
        server.get(elsewhere.url_for("/other/Patient"))
    assert elsewhere.log == []


def test_a_next_link_by_another_name_of_the_server_is_asked_for_at_its_own_origin(
    server, elsewhere
):
    server.get(elsewhere.url_for("/fhir/Patient"))
    assert elsewhere.log == []


def test_even_a_request_that_got_past_would_carry_no_login(server, elsewhere):
    answer = server._transport._known.mine().get(elsewhere.url_for("/fhir/Patient"))
    assert answer.status_code == 200
    assert "Authorization" not in elsewhere.log[0][0].headers


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://fhir.example/r4/Patient", True),
        ("https://fhir.example:443/other", True),
        ("http://fhir.example/r4", False),
        ("https://fhir.example:8443/r4", False),
        ("https://fhir.example.org/r4", False),
        ("https://sub.fhir.example/r4", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, is_own):
    login = OwnOrigin("https://fhir.example/r4", lambda _: "logged in")
    found = login(requests.Request("GET", url).prepare())
    assert (found == "logged in") is is_own


def test_the_token_request_carries_no_token_and_the_server_gets_no_secret(
    as_smart, front, authority
):
    as_smart().get("Patient")
    assert "Authorization" not in authority.headers[0]
    assert front.headers == [None, "Bearer token-0-MARKER"]


@pytest.mark.parametrize("url", ["http://10.0.0.1/fhir", "http://fhir.example/r4"])
def test_plain_http_to_another_machine_is_refused_without_a_login_too(url):
    with pytest.raises(SourceError, match=r"is plain http to another machine.*insecure_http"):
        FhirServer(url)


@pytest.mark.parametrize("table", ["source", "target"])
def test_plain_http_is_refused_before_secrets_are_looked_for(enter, table):
    with pytest.raises(AbateError, match=rf"insecure_http = true in \[{table}\]"):
        enter(table, base="http://10.0.0.1/fhir", auth={"kind": "bearer"})


def test_plain_http_may_go_over_a_network_that_somebody_calls_safe(enter):
    assert enter(base="http://10.0.0.1/fhir", insecure_http=True).base == "http://10.0.0.1/fhir"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/fhir", "http://[::1]:8080/r4", "https://fhir.example/r4"]
)
def test_loopback_and_https_need_no_permission(enter, url):
    assert enter(base=url).base == url
