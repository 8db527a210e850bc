"""Nothing that `abate check --write` wrote stays, whatever happens; else it is named."""

from importlib.resources import files

import pytest
from werkzeug import Response

from abate.mapping import code_lists
from abate.survey import survey_server
from abate.survey.budgeted_client import Limit
from abate.survey.probes.probe_list import NAMES
from abate.telemetry.log import SILENT

FIRST = NAMES[0]


@pytest.mark.parametrize("fails", range(1, 6))
def test_all_is_taken_away_after_a_failure_in_the_middle(front, checked, fails):
    count = iter(range(1, 20))

    def broken(_):
        return Response("<p>", 500, content_type="text/html") if next(count) >= fails else None

    with front.only("POST", "", broken):
        found = checked(front, "--write")
    assert front.lacks(NAMES)
    assert found["left"] == []


@pytest.mark.parametrize("less", range(7, 24, 4))
def test_all_is_taken_away_where_the_limit_ends_it(front, less):
    lists = code_lists.load([files("abate_mappings") / "codes"])
    whole = survey_server(front.base, lists, SILENT, write=True).requests
    found = survey_server(front.base, lists, SILENT, Limit(requests=whole - less), write=True)
    assert found.stopped.startswith("stopped after")
    assert found.left == ()
    assert front.lacks(NAMES)


def test_all_is_taken_away_where_somebody_stops_it(front, abate, monkeypatch):
    from abate.survey.probes import write

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write._Tries, "_write_again", stopped)
    assert abate("check", front.base, "--write").exit_code == 130
    assert front.lacks(NAMES)
    assert ("POST", "") in front.requests


def test_what_is_left_is_named_and_ends_with_1(front, abate):
    with front.only("DELETE", "List/.*", Response("", 403)):
        ran = abate("check", front.base, "--write", "--json")
    assert ran.exit_code == 1
    assert ran.json["left"] == [FIRST]
    assert f"confirm it: {FIRST}. Delete them there" in ran.err
    rows = {one["what"]: one["found"] for one in ran.json["probes"]}
    assert (rows["all or nothing"], rows["gone again"]) == ("yes", "NO")


def test_what_is_left_is_named_also_where_somebody_stops_it(front, abate, monkeypatch):
    from abate.survey.probes import write

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write._Tries, "_write_again", stopped)
    with front.only("DELETE", "List/.*", Response("", 405)):
        ran = abate("check", front.base, "--write")
    assert ran.exit_code == 1
    assert FIRST in ran.err


def test_a_delete_that_is_not_one_is_seen(front, abate):
    with front.only("DELETE", "List/.*", Response("", 204)):
        ran = abate("check", front.base, "--write", "--json")
    assert (ran.exit_code, ran.json["left"]) == (1, [FIRST])


def test_what_an_earlier_check_has_left_is_taken_away_before(front, abate, checked):
    with front.only("DELETE", "List/.*", Response("", 403)):
        abate("check", front.base, "--write")
    assert not front.lacks(NAMES)
    found = {one["what"]: one["found"] for one in checked(front, "--write")["probes"]}
    assert (found["transaction"], found["gone again"]) == ("yes", "yes")
    assert front.lacks(NAMES)
