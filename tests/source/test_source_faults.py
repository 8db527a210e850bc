"""A server that fails on the way: the pull names what is missing and keeps nothing."""

import pytest
from werkzeug import Response

from abate.errors import IncompletePull, SourceError


@pytest.fixture
def two_pages(script, resource):
    """The scores on two pages, of which the test gives the second."""

    def serve(second):
        link = script.link("Observation", 2) + "&patient=p1"
        first = script.bundle(resource["Observation"]("s1"), total=2, following=link)
        script.pages["Observation"] = [first, second]

    return serve


@pytest.fixture
def last_page(script, resource):
    """The second page as it should be."""
    return script.bundle(resource["Observation"]("s2"), total=2)


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (("<p>canary</p>", 200, "text/html"), "answered 200 with text/html, not with JSON"),
        (
            ("{canary", 200, "application/json"),
            "answered 200 with broken JSON, not with a searchset",
        ),
        (
            (
                b'{"resourceType":"Bundle","entry":[{"resource":{"note":"\xff"}}]}',
                200,
                "application/json",
            ),
            "answered 200 with broken JSON",
        ),
        (
            ('{"resourceType":"Bundle","x":' + "[" * 5000, 200, "application/json"),
            "answered 200 with broken JSON",
        ),
        (
            ('{"resourceType":"Canary"}', 200, "application/json"),
            "answered 200 with unexpected JSON",
        ),
        (('{"x":"canary"}', 500, "application/json"), "answered 500"),
        (("{}", 404, "application/json"), "answered 404"),
        (("{}", 401, "application/json"), "answered 401"),
    ],
)
def test_what_is_no_searchset_is_a_hole_with_its_page(pull, two_pages, respond, faulty, words):
    two_pages(respond(*faulty))
    with pytest.raises(IncompletePull) as caught:
        pull()
    message = str(caught.value)
    assert message.startswith(
        "incomplete result for pain scores (Observation, page 2): http://localhost:"
    )
    assert words in message
    assert message.endswith(". Nothing was stored; run again.")
    assert "canary" not in message.lower()
    assert "patient=" not in message


def test_a_page_that_fails_once_is_asked_for_again(pull, two_pages, last_page, respond):
    answers = [respond("busy", 503), respond("slow down", 429), None]

    def second(_):
        return answers.pop(0) or last_page

    two_pages(second)
    assert pull().ids("Observation") == ["s1", "s2"]


def test_a_search_by_post_that_fails_once_is_asked_again(script, pull, resource, respond):
    answers = [respond("busy", 503), None]
    whole = script.bundle(resource["Observation"]("s1"), total=1)
    script.pages["Observation"] = [lambda _: answers.pop(0) or whole]
    assert pull().ids("Observation") == ["s1"]


def test_a_page_that_has_expired_once_lets_the_query_begin_again(
    pull, two_pages, last_page, respond
):
    answers = [respond("gone", 410), None]

    def second(_):
        return answers.pop(0) or last_page

    two_pages(second)
    pulled = pull()
    assert pulled.ids("Observation") == ["s1", "s2"]
    assert "pain scores: a next link has expired, starting the query again" in pulled.said
    assert pulled.said[-1] == "pulled pain scores: 2 of 2 Observation, 3 pages"


def test_rows_of_an_earlier_attempt_do_not_fill_a_hole_of_the_last(script, pull, resource, respond):
    score = resource["Observation"]
    link = script.link("Observation", 2)
    firsts = [
        script.bundle(score("s1"), total=3, following=link),
        script.bundle(score("s2"), total=3, following=link),
        script.bundle(score("s2"), score("s3"), total=3),
    ]
    seconds = [respond("gone", 410), script.bundle(score("s3"), total=3)]
    script.pages["Observation"] = [lambda _: firsts.pop(0), lambda _: seconds.pop(0)]
    script.counts["Observation"] = script.bundle(total=3)
    with pytest.raises(IncompletePull, match="counts 3, but 2 were received"):
        pull()


def test_a_page_that_expires_each_time_is_a_hole_after_three_attempts(
    script, pull, two_pages, respond
):
    two_pages(respond("gone", 410))
    with pytest.raises(IncompletePull, match=r"Observation, page 2\): .* answered 410"):
        pull()
    assert sum("page=2" in path for _, path, _ in script.requests) == 3


def test_an_answer_that_breaks_off_is_a_hole(pull, two_pages):
    broken = Response('{"resourceType": "Bundle"', content_type="application/json")
    broken.automatically_set_content_length = False
    broken.headers["Content-Length"] = "5000"
    two_pages(broken)
    with pytest.raises(IncompletePull, match=r"page 2\): .*the answer broke off"):
        pull()


def test_a_redirect_is_not_followed_and_its_target_is_named(pull, two_pages, respond):
    moved = respond("", 302, Location="https://other.example/r4/Observation?patient=p1")
    two_pages(moved)
    with pytest.raises(IncompletePull) as caught:
        pull()
    assert "refers to https://other.example/r4/Observation, which" in str(caught.value)
    assert "patient=" not in str(caught.value)


def test_ids_go_in_the_body_of_a_post(script, pull):
    pull()
    asked = [one for one in script.requests if "_search" in one[1]]
    assert {(method, path) for method, path, _ in asked} == {
        ("POST", "/fhir/Patient/_search"),
        ("POST", "/fhir/Observation/_search"),
    }
    assert asked[-1][2] == {
        "patient": "p1",
        "code": "urn:s|pain",
        "_count": "2",
        "_total": "accurate",
    }


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_takes_no_search_by_post_is_asked_by_get_with_one_warning(
    script, pull, respond, status
):
    def get_only(kind):
        page = script.pages[kind][0]
        return lambda request: respond("no", status) if request.method == "POST" else page

    script.pages["Patient"] = [get_only("Patient")]
    script.pages["Observation"] = [get_only("Observation")]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1", "s2"]
    [warning] = [said for said in pulled.said if "by POST" in said]
    assert f"warning: {script.base} does not accept searches by POST ({status})" in warning
    posts = [path for method, path, _ in script.requests if method == "POST"]
    assert posts == ["/fhir/Patient/_search"]


@pytest.mark.parametrize("status", [401, 403])
def test_open_metadata_and_a_closed_search_want_a_login(script, pull, respond, status):
    script.pages["Procedure"] = [respond("no", status)]
    with pytest.raises(SourceError, match=rf"requires a login \(it answered {status}\)") as refused:
        pull()
    assert not isinstance(refused.value, IncompletePull)
