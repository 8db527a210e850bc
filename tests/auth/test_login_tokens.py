"""Tokens: asked for when needed, shared, renewed when they end, and never in a loop."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from werkzeug import Response

from abate.auth import tokens
from abate.auth.tokens import Tokens, token
from abate.errors import LoginRefused, SourceError


def test_no_token_is_asked_for_before_it_is_needed(as_smart, front, authority):
    as_smart()
    assert (front.requests, authority.requests) == ([], [])


def test_one_token_serves_many_requests(as_smart, authority):
    server = as_smart()
    assert [server.get("Patient").status for _ in range(3)] == [200, 200, 200]
    assert len(authority.requests) == 1


def test_a_token_that_has_ended_is_asked_for_anew_before_the_server_refuses_it(
    as_smart, front, authority, monkeypatch
):
    now = [1000.0]
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now[0])
    authority.expires_in = 300
    server = as_smart()
    server.get("Patient")
    now[0] += 269
    server.get("Patient")
    assert len(authority.requests) == 1
    now[0] += 2  # 29 seconds before its end.
    server.get("Patient")
    assert len(authority.requests) == 2
    assert front.asked("Patient")[-1] == "Bearer token-1-MARKER"


@pytest.mark.parametrize(
    ("expires_in", "lasts"),
    [(None, 270.0), (300.0, 270.0), (3600.0, 3570.0), (60.0, 54.0), (5.0, 4.5)],
)
def test_a_token_is_used_until_shortly_before_its_end(expires_in, lasts):
    assert token("t", 100.0, expires_in).until == 100.0 + lasts


@pytest.mark.parametrize("said", [None, "soon", -5, 0, [], True, "nan", "inf"])
def test_an_expires_in_that_is_none_counts_as_five_minutes(as_smart, authority, said):
    authority.expires_in = said
    server = as_smart()
    server.get("Patient")
    server.get("Patient")
    assert len(authority.requests) == 1


def test_a_401_in_mid_run_renews_the_token_and_repeats_the_request(as_smart, front, authority):
    server = as_smart()
    server.get("Patient")
    authority.given.append("another one, so that ours is over")
    assert server.get("Patient").status == 200
    assert front.asked("Patient") == [
        "Bearer token-0-MARKER",
        "Bearer token-0-MARKER",
        "Bearer token-2-MARKER",
    ]


def test_a_transaction_that_got_401_is_repeated_whole(as_smart, front, authority):
    server = as_smart()
    server.get("Patient")
    authority.given.append("another one, so that ours is over")
    bodies = []
    front.behind = lambda request: bodies.append(request.get_data()) or Response("{}")
    server.transact(b'{"resourceType": "Bundle"}')
    assert bodies == [b'{"resourceType": "Bundle"}']


def test_a_fresh_token_that_is_refused_ends_the_run_without_a_loop(as_smart, front, authority):
    front.allows = lambda _: False
    with pytest.raises(LoginRefused, match=r"login refused: .*/fhir/Patient answered 401"):
        as_smart().get("Patient")
    assert len(front.asked("Patient")) == 2
    assert len(authority.requests) == 2


@pytest.mark.parametrize("kind", ["bearer", "basic"])
def test_what_cannot_be_renewed_is_shown_once(enter, front, monkeypatch, kind):
    monkeypatch.setenv("ABATE_SOURCE_TOKEN", "t")
    monkeypatch.setenv("ABATE_SOURCE_PASSWORD", "p")
    name = {"username": "me"} if kind == "basic" else {}
    front.allows = lambda _: False
    with pytest.raises(LoginRefused, match=r"login refused: .* answered 401"):
        enter(auth={"kind": kind, **name}).get("Patient")
    assert len(front.asked("Patient")) == 1


def test_403_with_a_login_is_told_as_rights_that_are_missing(as_smart, front):
    front.behind = lambda request: Response("no", 403) if "Patient" in request.path else None
    server = as_smart()
    answer = server.get("Patient")
    assert answer.status == 403
    words = str(server.login_wanted(answer.status))
    assert "does not permit this (it answered 403)" in words
    assert "scopes" in words


def test_many_threads_share_one_token_and_one_of_them_asks(as_smart, authority):
    server = as_smart()
    start = Barrier(8)

    def work(_):
        start.wait()
        return server.get("Patient").status

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [200] * 8
    assert len(authority.requests) == 1


def test_many_threads_whose_token_is_refused_ask_once_for_another(as_smart, front, authority):
    server = as_smart()
    server.get("Patient")
    seen = []
    together = Barrier(4)

    def refuse_the_first(shown):
        if shown != "Bearer token-0-MARKER":
            return True
        seen.append(shown)
        together.wait(5)  # All have shown the old token before one of them learns of it.
        return False

    front.allows = refuse_the_first
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: server.get("Patient").status, range(4)))
    assert found == [200] * 4
    assert len(authority.requests) == 2


def test_a_token_that_came_meanwhile_is_not_dropped_with_the_old_one():
    made = iter(["old", "new", "third"])
    kept = Tokens(lambda: token(next(made), time.monotonic(), 300))
    assert kept.current() == "old"
    kept.drop("old")
    assert kept.current() == "new"
    kept.drop("old")
    assert kept.current() == "new"


def test_after_a_failure_the_next_one_asks_again(as_smart, authority):
    authority.answers = [Response("no", 404)]
    server = as_smart()
    with pytest.raises(SourceError):
        server.get("Patient")
    assert server.get("Patient").status == 200
