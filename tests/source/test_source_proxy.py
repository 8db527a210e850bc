"""Proxies that the environment names: for other machines only."""

import pytest

from abate.errors import SourceError
from abate.fhir.client import FhirServer
from abate.http.access import Access
from abate.http.urls import is_loopback

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def proxy(monkeypatch):
    """The environment names a proxy that nobody runs."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, DEAD)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_on_this_machine_is_reached_past_the_proxy(script, pull, host):
    pulled = pull(script.base.replace("localhost", host))
    assert pulled.ids("Observation") == ["s1", "s2"]
    assert {method for method, _, _ in script.requests} == {"GET", "POST"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_elsewhere_is_asked_through_the_proxy_and_its_silence_is_told(scheme):
    access = Access(insecure_http=True)
    with (
        FhirServer(f"{scheme}://fhir.invalid/r4", 5, access) as server,
        pytest.raises(SourceError, match="the proxy set in the environment does not answer"),
    ):
        server.capability()


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://[::1]:8080/fhir", True),
        ("http://127.9.9.9/fhir", True),
        ("http://LOCALHOST/fhir", True),
        ("http://localhost.example/fhir", False),
        ("http://10.0.0.1/fhir", False),
    ],
)
def test_this_machine_is_known_by_its_loopback_names(url, is_here):
    assert is_loopback(url) is is_here
