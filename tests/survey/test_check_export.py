"""Bulk export: by the server's words, or with `--write` begun of nothing and cancelled."""

import json

import pytest
from werkzeug import Response

FHIR = "application/fhir+json"


class Exporting:
    """A server that exports, as it says."""

    def __init__(self, front, begun=202, location="/fhir/job/1", cancelled=202):
        self.front, self.begun, self.location, self.cancelled = front, begun, location, cancelled
        self.asked = []
        statement = json.loads(front.get("metadata").data)
        statement["rest"][0]["operation"] = [{"name": "export"}]
        self.statement = json.dumps(statement)

    def __call__(self, request):
        path = request.path.removeprefix("/fhir/")
        if path == "metadata":
            return Response(self.statement, content_type=FHIR)
        if path == "$export":
            self.asked.append((dict(request.args), request.headers["Prefer"]))
            headers = {"Content-Location": self.location} if self.location else {}
            return Response("", self.begun, headers)
        if path == "job/1":
            self.asked.append(request.method)
            return Response("", self.cancelled)
        return None


def test_an_export_is_begun_of_nothing_and_cancelled_at_once(front, rows):
    front.instead = exporting = Exporting(front)
    assert rows(front, "--write")["bulk export"]["found"] == "yes"
    asked = {"_type": "Patient", "_since": "2999-01-01T00:00:00.000Z"}
    assert exporting.asked == [(asked, "respond-async"), "DELETE"]


@pytest.mark.parametrize("status", [400, 403])
def test_an_export_that_does_not_begin_as_it_should_is_not_believed(front, rows, status):
    front.instead = exporting = Exporting(front, begun=status)
    assert rows(front, "--write")["bulk export"]["found"] == "NO"
    assert "DELETE" not in exporting.asked


def test_no_export_is_begun_where_the_server_does_not_say_that_it_exports(front, rows):
    assert rows(front, "--write")["bulk export"]["found"] == "says no"
    assert not any("export" in path for _, path in front.requests)


def test_an_export_that_cannot_be_cancelled_is_named_and_ends_with_1(front, abate):
    front.instead = Exporting(front, cancelled=405)
    ran = abate("check", front.base, "--write", "--json")
    assert (ran.exit_code, ran.json["left"]) == (1, ["an export that was started by $export"])
    assert "an export that was started by $export" in ran.err


@pytest.mark.parametrize("how", [{"begun": 500}, {"begun": 200}, {"location": ""}])
def test_an_export_that_may_have_begun_is_named_and_ends_with_1(front, abate, how):
    front.instead = Exporting(front, **how)
    ran = abate("check", front.base, "--write", "--json")
    assert (ran.exit_code, ran.json["left"]) == (1, ["perhaps an export, requested by $export"])
    assert "DELETE" not in front.instead.asked
