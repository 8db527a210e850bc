"""`abate check --write`: what a report needs is tried, and nothing of it stays in any case."""

import io
import json
import re

import pytest
from werkzeug import Response

from abate.fhir.canonical import CHECK, NAMES_OF_0_1
from abate.survey.probes.probe_list import NAMES, probe_list

TRIED = ("transaction", "the same twice", "If-Match", "all or nothing", "gone again")
FHIR = "application/fhir+json"


def methods_on_lists(front):
    return {
        method for method, path in front.requests if path.startswith("List/") and "$" not in path
    }


def entries(request):
    return request.json["entry"]


@pytest.fixture
def tried(front, rows):
    """What --write found, row by row; nothing may be left."""

    def read():
        found = rows(front, "--write")
        assert front.lacks(NAMES)
        return {name: found[name]["found"] for name in TRIED}

    return read


def test_a_server_that_does_all_as_fhir_says(front, tried, checked):
    assert tried() == dict.fromkeys(TRIED, "yes")
    found = checked(front, "--write")
    assert (found["wrote"], found["left"]) == (True, [])
    assert {one["what"]: one["found"] for one in found["probes"]}["ids of our own"] == "yes"


def test_only_lists_are_written_and_no_patient_is_named_in_them(front, checked):
    sent = []
    with front.only("POST", "", lambda request: sent.append(request.get_data(as_text=True))):
        checked(front, "--write")
    assert len(sent) == 5
    assert {kind for body in sent for kind in re.findall(r'"resourceType":"(\w+)"', body)} == {
        "Bundle",
        "List",
    }
    assert "Patient" not in "".join(sent)
    assert methods_on_lists(front) == {"GET", "DELETE"}


def test_the_text_says_what_became_of_it(front, abate):
    shown = abate("check", front.base, "--write").out
    assert "the written resources are deleted." in shown
    assert re.search(r"^gone again +yes +", shown, re.MULTILINE)
    assert "nothing was written" in abate("check", front.base).out


def test_a_transaction_that_is_refused_is_told_and_nothing_further_is_sent(front, rows):
    with front.only("POST", "", Response("", 422)):
        found = rows(front, "--write")
    assert found["transaction"]["found"] == "NO (422)"
    assert {found[name]["found"] for name in TRIED[1:4]} == {"not tried"}
    assert [path for method, path in front.requests if method == "POST"].count("") == 1


def test_a_login_that_may_not_write_is_told(front, rows):
    with front.only("POST", "", Response("", 403)):
        row = rows(front, "--write")["transaction"]
    assert (row["found"], "ask for the right to write" in row["then"]) == ("NO (403)", True)


def test_a_refused_transaction_is_what_keeps_a_report_from_being_taken(front, checked):
    with front.only("POST", "", Response("", 422)):
        missing = checked(front, "--write")["advice"]["missing"]
    assert any("publish: it does not accept transactions (NO (422)" in line for line in missing)


def test_a_transaction_that_is_only_said_to_be_written_is_told(front, tried):
    with front.only("POST", "", Response('{"resourceType":"Bundle"}', content_type=FHIR)):
        assert tried()["transaction"] == "NO"


def test_nothing_is_written_where_it_cannot_be_seen_what_is_there(front, rows):
    with front.only("GET", "List/.*", Response("", 403)):
        found = rows(front, "--write")
    assert found["transaction"]["found"] == "not tried"
    assert "gone again" not in found
    assert methods_on_lists(front) == {"GET"}


def test_what_is_sent_twice_and_refused_otherwise_than_by_a_conflict_is_told(front, tried):
    sent = []

    def refused(request):
        sent.append(request)
        return Response("", 422) if len(sent) == 2 else None

    with front.only("POST", "", refused):
        assert tried()["the same twice"] == "NO (422)"


def test_a_server_that_tells_no_version_is_told(front, tried):
    def bare(request):
        found = front.get(request.path.removeprefix("/fhir/"))
        content = {name: one for name, one in found.json.items() if name != "meta"}
        return Response(json.dumps(content), found.status_code, content_type=FHIR)

    with front.only("GET", "List/.*", bare):
        found = tried()
    assert (found["transaction"], found["If-Match"]) == ("yes", "NO")


def test_a_server_that_doubles_what_is_sent_twice_is_told(front, tried):
    def doubled(request):
        copy = {"resourceType": "List", "id": "copy", "status": "retired", "mode": "snapshot"}
        front.put(copy | {"identifier": entries(request)[0]["resource"]["identifier"]})

    with front.only("POST", "", doubled):
        found = tried()
    assert (found["transaction"], found["the same twice"]) == ("yes", "NO")


def test_a_search_by_identifier_that_is_refused_is_not_judged(front, tried):
    with front.only("GET", "List", Response("", 400)):
        assert tried()["the same twice"] == "not tried"


def test_a_server_that_passes_over_if_match_is_told(front, tried):
    def blind(request):
        for entry in entries(request):
            entry["request"].pop("ifMatch", None)
        body = json.dumps(request.json).encode()
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.environ["CONTENT_LENGTH"] = str(len(body))
        request.environ.pop("werkzeug.request", None)

    with front.only("POST", "", blind):
        found = tried()
    assert (found["If-Match"], found["all or nothing"]) == ("NO", "yes")


def test_a_stale_version_that_is_refused_and_written_all_the_same_is_told(front, tried):
    def written(request):
        resource = entries(request)[0]["resource"]
        if resource["title"].endswith("(3)"):
            front.put(resource)

    with front.only("POST", "", written):
        assert tried()["If-Match"] == "NO"


def test_a_right_version_that_is_refused_is_told(front, tried):
    def refused(request):
        return Response("", 412) if "ifMatch" in entries(request)[0]["request"] else None

    with front.only("POST", "", refused):
        assert tried()["If-Match"] == "NO (412)"


def test_a_part_that_stays_of_what_is_refused_is_told(front, tried):
    def parted(request):
        if len(entries(request)) > 1:
            front.put(entries(request)[0]["resource"])

    with front.only("POST", "", parted):
        assert tried()["all or nothing"] == "NO"


def test_what_should_be_refused_and_is_taken_is_not_judged(front, tried):
    def taken(request):
        if len(entries(request)) > 1:
            front.put(entries(request)[0]["resource"])
            return Response('{"resourceType":"Bundle"}', content_type=FHIR)
        return None

    with front.only("POST", "", taken):
        assert tried()["all or nothing"] == "not tried"


def test_anothers_resource_under_our_id_is_left_alone(front, rows):
    other = {"resourceType": "List", "id": NAMES[0].partition("/")[2], "title": "another's"}
    front.put(other)
    row = rows(front, "--write")["transaction"]
    assert row["found"] == "not tried"
    assert "was not written by abate" in row["then"]
    assert front.get(NAMES[0]).json["title"] == "another's"
    assert methods_on_lists(front) == {"GET"}


def test_what_a_check_of_0_1_has_left_is_ours_and_is_deleted(front, tried):
    front.put({**probe_list("first"), "identifier": [{"system": NAMES_OF_0_1[CHECK]}]})
    assert tried() == dict.fromkeys(TRIED, "yes")


@pytest.mark.parametrize(
    "how", [{"transaction": False}, {"update_create": False}, {"missing": ("List",)}]
)
def test_nothing_is_written_where_the_server_says_that_it_takes_no_report(odd, rows, how):
    server = odd(**how)
    found = rows(server, "--write")
    assert "gone again" not in found
    assert {method for method, _ in server.requests} == {"GET", "POST"}
    posted = {url.partition("?")[0] for method, url in server.requests if method == "POST"}
    assert posted == {"/fhir/Observation/_search", "/fhir/List/$validate"}
