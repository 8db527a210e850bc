"""A server in trouble is not called a wrong address."""

import pytest

from abate.errors import SourceError
from abate.fhir.client import FhirServer


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_told_as_such(httpserver, status):
    httpserver.expect_request("/fhir/metadata").respond_with_data("", status=status)
    with (
        FhirServer(httpserver.url_for("/fhir")) as server,
        pytest.raises(SourceError, match=f"answered {status}, and again to each retry.*Try later"),
    ):
        server.capability()
