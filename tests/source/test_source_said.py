"""Whatever is read from a server says what it is: else it is asked for again, and then an error."""

import json

import pytest

from abate.errors import IncompletePull, SourceError
from abate.fhir.client import FhirServer
from abate.publish.change import SYSTEM
from abate.publish.existing import read_existing, refuse_elsewhere

GATEWAY = '{"message": "Endpoint request timed out"}'
BODIES = [GATEWAY, '{"error": "internal"}', "{}", "[]", "null", '"done"']
TRIES = 3


@pytest.fixture(params=BODIES)
def body(request):
    return request.param


@pytest.fixture
def score(resource):
    return resource["Observation"]("s1")


def test_a_page_that_is_no_bundle_is_incomplete(script, pull, respond, waits, body):
    script.pages["Observation"] = [respond(body)]
    with pytest.raises(IncompletePull, match=r"\(Observation, page 1\): .*not with a searchset"):
        pull()
    assert len(waits) == TRIES - 1


@pytest.mark.usefixtures("waits")
def test_a_later_page_that_is_no_bundle_is_incomplete(script, pull, score, respond, body):
    link = script.link("Observation", 2)
    script.pages["Observation"] = [script.bundle(score, following=link), respond(body)]
    with pytest.raises(IncompletePull, match=r"\(Observation, page 2\): .*not with a searchset"):
        pull()


@pytest.mark.usefixtures("waits")
def test_a_count_that_is_no_bundle_is_incomplete(script, pull, score, respond, body):
    script.pages["Observation"] = [script.bundle(score)]
    script.counts["Observation"] = respond(body)
    with pytest.raises(IncompletePull, match="not with a searchset"):
        pull()


def test_a_server_that_says_what_it_is_at_the_second_try_is_pulled(
    script, pull, resource, respond, waits
):
    page = script.bundle(resource["Observation"]("s1"), total=1)
    turns = iter([respond(GATEWAY), page])
    script.pages["Observation"] = [lambda _: next(turns)]
    assert pull().ids("Observation") == ["s1"]
    assert len(waits) == 1


def test_a_capability_statement_must_say_that_it_is_one(script, pull, respond, waits, body):
    script.metadata = respond(body)
    with pytest.raises(SourceError, match="not the base URL of a FHIR server"):
        pull()
    assert waits


@pytest.mark.parametrize("kind", ["collection", "history", "batch-response", 7])
def test_a_page_of_another_type_of_bundle_is_incomplete(script, pull, resource, kind):
    page = script.bundle(resource["Observation"]("s1"), total=1)
    script.pages["Observation"] = [page | {"type": kind}]
    with pytest.raises(IncompletePull, match="its Bundle is not of type searchset"):
        pull()


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"search": {"mode": "match"}},
        {"resource": None},
        {"resource": {}},
        {"resource": {"resourceType": "an error", "note": "canary"}},
        {"resource": {"resourceType": ""}},
    ],
)
def test_an_entry_that_is_no_resource_is_incomplete(script, pull, resource, entry):
    page = script.bundle(resource["Observation"]("s1"))
    page["entry"].append(entry)
    script.pages["Observation"] = [page]
    with pytest.raises(IncompletePull, match="not a resource with a type and an id") as told:
        pull()
    assert "canary" not in str(told.value)


def test_a_row_of_an_unknown_mode_is_a_row(script, pull, resource):
    page = script.bundle(resource["Observation"]("s1"), total=1)
    page["entry"][0]["search"]["mode"] = "MATCH"
    script.pages["Observation"] = [page]
    assert pull().ids("Observation") == ["s1"]


def test_an_outcome_without_a_resource_is_passed_over(script, pull, resource):
    page = script.bundle(resource["Observation"]("s1"), total=1)
    page["entry"].append({"search": {"mode": "outcome"}})
    script.pages["Observation"] = [page]
    assert pull().ids("Observation") == ["s1"]


@pytest.mark.usefixtures("script")
def test_a_group_must_be_the_one_that_was_asked_for(pull, httpserver, waits, body):
    httpserver.expect_request("/fhir/Group/g").respond_with_data(
        body, content_type="application/fhir+json"
    )
    with pytest.raises(IncompletePull, match="not the requested Group"):
        pull(patients=["Group/g"])
    assert waits


def test_what_is_read_back_must_be_what_was_asked_for(wild, raw, waits, body):
    wild.answers = [raw.sent(body.encode())]
    with FhirServer(wild.base) as server, pytest.raises(SourceError, match="answered"):
        read_existing(server, "Group/g")
    assert waits


def test_a_search_for_reports_under_other_ids_must_be_answered_with_a_searchset(
    wild, raw, waits, body
):
    """Else a second report would be written beside the first."""
    wild.answers = [raw.sent(body.encode())]
    ours = [{"system": SYSTEM, "value": "s"}]
    group = {"resourceType": "Group", "id": "g", "identifier": ours}
    with FhirServer(wild.base) as server, pytest.raises(SourceError, match="200"):
        refuse_elsewhere(server, group)
    assert waits


def test_json_that_is_not_fhir_is_asked_for_once(wild, raw, waits):
    wild.answers = [raw.sent(b'{"token_endpoint": "x"}', kind="application/json")]
    with FhirServer(wild.base) as server:
        assert json.loads(server.get_json("x").body)["token_endpoint"] == "x"
    assert waits == []
