"""Answers that do not say what they are: `abate check` tells them, and counts nothing by them."""

import pytest
from werkzeug import Response

from fronts import Front


@pytest.mark.parametrize("body", ["{}", '{"message": "Endpoint request timed out"}'])
def test_an_answer_that_is_no_bundle_is_no_count_of_zero(httpserver, checked, body):
    server = Front(httpserver.url_for("/fhir")).serve_on(httpserver)
    server.instead = lambda request: (
        Response(body, content_type="application/fhir+json")
        if "/Procedure" in request.path
        else None
    )
    found = checked(server)
    assert [one["n"] for one in found["lists"] if one["type"] == "Procedure"] == []
    [search] = [one for one in found["searches"] if one["type"] == "Procedure"]
    assert search["state"] == "refused"
    assert search["detail"] == "its answer to a search by code is not a searchset"
