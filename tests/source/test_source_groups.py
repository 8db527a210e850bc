"""Who is an active member of a Group, and when that cannot be told."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from werkzeug import Response

from abate.errors import IncompletePull, NothingFound, SourceError
from abate.fhir.client import FhirServer
from abate.source.group import Group, read_group


def member(patient, **more):
    return {"entity": {"reference": f"Patient/{patient}"}, **more}


@pytest.fixture
def read(httpserver):
    """Read a Group of some members on 1 March 2026, noon."""

    def read_it(*members, zone=UTC, status=200, **more):
        group = {"resourceType": "Group", "id": "g", "member": list(members), **more}
        headers = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}
        answer = Response(json.dumps(group), status, headers, content_type="application/fhir+json")
        httpserver.expect_request("/fhir/Group/g").respond_with_response(answer)
        with FhirServer(httpserver.url_for("/fhir")) as server:
            server.time = datetime(2026, 3, 1, 12, tzinfo=UTC)
            return read_group(server, "Group/g", zone)

    return read_it


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    """The test's HTTP server writes the machine's own time into its answers."""
    from abate.http.response import Answer

    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(Answer, "date", property(lambda _: noon))


@pytest.mark.parametrize(
    ("more", "is_active"),
    [
        ({}, True),
        ({"inactive": False}, True),
        ({"inactive": True}, False),
        ({"period": {}}, True),
        ({"period": {"end": "2026-02-28"}}, False),
        ({"period": {"end": "2026-03-01"}}, True),
        ({"period": {"end": "2026-02"}}, False),
        ({"period": {"end": "2026-03"}}, True),
        ({"period": {"end": "2025"}}, False),
        ({"period": {"end": "2026"}}, True),
        ({"period": {"end": "2026-03-01T11:59:59Z"}}, False),
        ({"period": {"end": "2026-03-01T20:30:00+08:00"}}, True),
        ({"period": {"start": "2026-03-02"}}, False),
        ({"period": {"start": "2026-03", "end": "2027"}}, True),
        ({"period": {"start": "2020"}, "inactive": True}, False),
    ],
)
def test_a_member_is_active_unless_inactive_or_outside_the_period(read, more, is_active):
    group = read(member("a"), member("b", **more))
    assert group.listed == {"a", "b"}
    assert group.active == (("a", "b") if is_active else ("a",))
    assert group.left == (set() if is_active else {"b"})


def test_a_day_ends_in_the_zone_of_the_source(read):
    """At noon in London the 1st is over in Kiritimati, 14 hours ahead."""
    last_day = member("b", period={"end": "2026-03-01"})
    assert read(member("a"), last_day, zone=ZoneInfo("Pacific/Kiritimati")).active == ("a",)


def test_who_left_and_came_back_is_active(read):
    group = read(member("a", inactive=True), member("a"), member("a", inactive=True))
    assert (group.active, group.left) == (("a",), frozenset())


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "lists 0 patients"),
        ([member("a", inactive=True)], "lists 1 patients, but none of them is an active member"),
    ],
)
def test_a_group_without_an_active_member_is_refused(read, members, words):
    with pytest.raises(NothingFound, match=words):
        read(*members)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([member("a"), {"entity": {"reference": "Practitioner/x"}}], "1 of its 2 members are not"),
        ([member("a"), {"entity": {"identifier": {"value": "7"}}}], "1 of its 2 members are not"),
        ([member("a"), {"entity": {"reference": "Group/other"}}], "1 are Groups"),
        ([member("a"), {"entity": {"reference": "http://x.test/Patient/b"}}], "1 of its 2"),
        ([member("a", inactive="yes")], "active cannot be read"),
        ([member("a", period="2026")], "active cannot be read"),
        ([member("a", period={"end": "soon"})], "period of a member cannot be read"),
        ([member("a", period={"end": "2026-02-30"})], "period of a member cannot be read"),
        ([member("a", period={"end": 2026})], "period of a member cannot be read"),
        (["Patient/a"], "members cannot be read"),
    ],
)
def test_a_group_whose_members_cannot_be_told_is_refused(read, members, words):
    with pytest.raises(IncompletePull, match=words):
        read(*members)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"quantity": 3}, "counts 3 members but lists 1"),
        ({"meta": {"tag": [{"code": "SUBSETTED"}]}}, "only a part"),
        ({"active": False}, "no longer in use"),
        ({"resourceType": "OperationOutcome"}, "not the requested Group"),
    ],
)
def test_a_group_that_is_not_whole_or_not_in_use_is_refused(read, more, words):
    with pytest.raises(IncompletePull, match=words):
        read(member("a"), **more)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_group_that_cannot_be_read_is_refused_with_what_to_do(read, status):
    with pytest.raises(IncompletePull, match=rf"answered {status}.*system/Group\.rs.*by id"):
        read(status=status)


def test_a_group_that_wants_a_login_says_so(read):
    with pytest.raises(SourceError, match="requires a login"):
        read(status=401)


def test_a_group_is_told_in_numbers():
    group = Group(reference="Group/g", listed=frozenset("abc"), active=("a", "b"))
    assert str(group) == "Group/g has 2 active members of 3"
