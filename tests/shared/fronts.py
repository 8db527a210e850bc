"""The sandbox as a FHIR server over HTTP, with a test between it and who asks."""

import re

from werkzeug import Response
from werkzeug.test import Client

from abate.sandbox import Sandbox


class Front:
    """The sandbox behind a function that may answer in its place.

    Attributes:
        base: the base URL.
        sandbox: answers each request that `instead` leaves to it.
        instead: gives a response to a request, or None; None lets all requests pass.
        requests: method and path below the base of all requests, in their order.
    """

    def __init__(self, base, sandbox=None):
        self.base = base
        self.sandbox = sandbox or Sandbox(referential_integrity=False)
        self.instead = None
        self.requests = []

    def serve_on(self, httpserver):
        """Answer all requests below `/fhir` of a pytest-httpserver; gives the front."""
        httpserver.expect_request(re.compile("/fhir.*")).respond_with_handler(self)
        return self

    def __call__(self, request):
        self.requests.append((request.method, request.path.removeprefix("/fhir").strip("/")))
        answer = self.instead(request) if self.instead else None
        return answer or self.answer(request)

    def answer(self, request):
        """The response of the sandbox to a request."""
        return Response.from_app(self.sandbox, request.environ)

    def put(self, *resources):
        """Write resources into the sandbox, past the front."""
        for resource in resources:
            url = f"/fhir/{resource['resourceType']}/{resource['id']}"
            answer = Client(self.sandbox).put(url, json=resource)
            assert answer.status_code in (200, 201), answer.text

    def delete(self, kind, identifier):
        """Delete a resource from the sandbox, past the front."""
        assert Client(self.sandbox).delete(f"/fhir/{kind}/{identifier}").status_code == 204

    def get(self, path):
        """The response of the sandbox to a GET, past the front."""
        return Client(self.sandbox).get(f"/fhir/{path}")
