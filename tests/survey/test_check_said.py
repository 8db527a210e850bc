"""Answers that do not say what they are: `abate check` tells them, and counts nothing by them."""

import re
from types import SimpleNamespace

import pytest
from werkzeug import Response

from abate.sandbox import Sandbox


@pytest.mark.parametrize("body", ["{}", '{"message": "Endpoint request timed out"}'])
def test_an_answer_that_is_no_bundle_is_no_count_of_zero(httpserver, checked, body):
    sandbox = Sandbox(referential_integrity=False)

    def front(request):
        if "/Procedure" in request.path:
            return Response(body, content_type="application/fhir+json")
        return Response.from_app(sandbox, request.environ)

    httpserver.expect_request(re.compile("/fhir.*")).respond_with_handler(front)
    found = checked(SimpleNamespace(base=httpserver.url_for("/fhir")))
    assert [one["n"] for one in found["lists"] if one["type"] == "Procedure"] == []
    [search] = [one for one in found["searches"] if one["type"] == "Procedure"]
    assert search["state"] == "refused"
    assert search["detail"] == "it answered a search by code with no searchset"
