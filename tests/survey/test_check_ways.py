"""How a server can be asked: large pages, POST, `$validate`, export; tried, or by its words."""

import json

import pytest
from werkzeug import Response

FHIR = "application/fhir+json"
POST = "Observation/_search"


def outcome(*severities):
    issues = [{"severity": one, "code": "invalid"} for one in severities]
    content = {"resourceType": "OperationOutcome", "issue": issues}
    return Response(json.dumps(content), content_type=FHIR)


@pytest.fixture
def scores(make):
    """So many pain scores."""
    return lambda count: [
        make("Observation", f"s{i}", "http://loinc.org", "72514-3") for i in range(count)
    ]


def test_nothing_is_sent_that_writes(front, checked):
    checked(front)
    sent = {(method, path) for method, path in front.requests if method != "GET"}
    assert sent == {("POST", POST), ("POST", "Procedure/_search"), ("POST", "List/$validate")}


def test_large_pages_are_told(odd, rows, scores):
    row = rows(odd(resources=scores(1200)))["large pages"]
    assert (row["found"], row["then"][:13]) == ("yes", "1000 per page")


def test_a_server_that_gives_less_a_page_is_told_how_many(odd, rows, scores):
    row = rows(odd(resources=scores(120), page_size=50))["large pages"]
    assert row["found"] == "NO"
    assert "at most 50 per page" in row["then"]


def test_large_pages_are_not_judged_where_all_fit_on_one(odd, rows, scores):
    assert rows(odd(resources=scores(1000)))["large pages"]["found"] == "yes"
    assert rows(odd(resources=scores(999)))["large pages"]["found"] == "not tried"


def test_a_large_page_that_is_refused_is_told(front, rows):
    def refused(request):
        return Response("", 400) if request.args.get("_count") == "1000" else None

    with front.only("GET", "Observation", refused):
        assert rows(front)["large pages"]["found"] == "NO (400)"


def test_a_slow_server_is_not_asked_for_a_large_page(odd, rows, scores, monkeypatch):
    from abate.survey import budgeted_client

    clock = iter(range(0, 10**6, 4))
    monkeypatch.setattr(budgeted_client.time, "perf_counter", lambda: next(clock))
    server = odd(resources=scores(200))
    row = rows(server)["large pages"]
    assert (row["found"], row["then"]) == ("not tried", "a page of 1000 would take about 20 s")
    assert not any("_count=1000" in url for _, url in server.requests)


def test_the_same_search_both_ways_brings_the_same(front, rows):
    assert rows(front)["search by POST"]["found"] == "yes"
    bodies = [path for method, path in front.requests if path == POST]
    assert len(bodies) == 4


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_takes_no_post_is_told_what_then_stands_in_its_log(front, rows, status):
    with front.only("POST", POST, Response("", status)):
        row = rows(front)["search by POST"]
    assert row["found"] == f"NO ({status})"
    assert "their ids appear in the server's access logs" in row["then"]


def test_another_refusal_of_a_post_ends_a_pull_and_is_told(front, rows):
    with front.only("POST", POST, Response("", 403)):
        row = rows(front)["search by POST"]
    assert (row["found"], row["then"][:11]) == ("NO (403)", "a pull stop")


def test_a_post_whose_body_is_not_read_is_told(front, rows):
    every = front.get("Observation").data
    with front.only("POST", POST, lambda _: Response(every, content_type=FHIR)):
        row = rows(front)["search by POST"]
    assert row["found"] == "NO"
    assert "other resources than GET" in row["then"]


def test_a_post_that_brings_less_is_told(front, rows):
    none = front.get("Observation?code=none").data
    with front.only("POST", POST, lambda _: Response(none, content_type=FHIR)):
        assert rows(front)["search by POST"]["found"] == "NO"


def test_a_post_that_brings_as_many_others_is_told(front, rows):
    def others(request):
        if "none" in request.form["code"]:
            return None
        found = front.get("Observation").data.replace(b'"id":"s', b'"id":"o')
        return Response(found, content_type=FHIR)

    with front.only("POST", POST, others):
        assert rows(front)["search by POST"]["found"] == "NO"


def test_a_post_is_not_judged_where_nothing_is_there(odd, rows):
    assert rows(odd(resources=[]))["search by POST"]["found"] == "not tried"


def of_a_patient(answer):
    """Answers what is asked of a patient, and leaves all else."""
    return lambda request: answer if "patient" in request.form else None


def test_one_patients_resources_are_asked_for_by_post_and_measured(front, rows):
    forms = []
    with front.only("POST", ".*_search", lambda request: forms.append(dict(request.form))):
        assert rows(front)["search by patient"]["found"] == "yes"
    assert [form["patient"] for form in forms if "patient" in form] == ["pat"] * 4
    assert not any("patient=" in path for _, path in front.requests)


def test_a_server_that_refuses_a_patients_resources_is_told(front, rows):
    with front.only("POST", POST, of_a_patient(Response("", 400))):
        row = rows(front)["search by patient"]
    assert (row["found"], row["then"]) == (
        "NO (400)",
        'strategy = "patient" cannot ask for Observations',
    )


def test_others_among_one_patients_resources_are_told(front, rows):
    found = front.get("Observation").data.replace(b"Patient/pat", b"Patient/other")
    with front.only("POST", POST, of_a_patient(Response(found, content_type=FHIR))):
        row = rows(front)["search by patient"]
    assert (row["found"], "which abate drops" in row["then"]) == ("NO", True)


def test_an_id_is_not_put_into_a_url_to_try_it(front, rows):
    with front.only("POST", ".*_search", Response("", 405)):
        assert rows(front)["search by patient"]["found"] == "not tried"


def test_where_nobody_is_named_nobody_is_asked_for(odd, rows):
    assert rows(odd())["search by patient"]["found"] == "not tried"


def test_a_server_that_validates_tells_good_from_bad(front, rows):
    def judged(request):
        return outcome("information" if request.json["status"] == "retired" else "error")

    with front.only("POST", r"List/\$validate", judged):
        assert rows(front)["$validate"]["found"] == "yes"


def test_a_server_that_wants_more_than_fhir_of_a_list_is_told(front, rows):
    with front.only("POST", r"List/\$validate", lambda _: outcome("error")):
        row = rows(front)["$validate"]
    assert (row["found"], row["then"][:12]) == ("yes", "it refuses a")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda: Response("", 404), "NO (404)"),
        (lambda: Response("", 403), "NO (403)"),
        (lambda: outcome("information"), "NO"),
        (lambda: Response("<html>", 200, content_type="text/html"), "NO"),
        (lambda: Response("{}", 200, content_type=FHIR), "NO (200)"),
    ],
)
def test_a_server_that_validates_nothing_is_told(front, rows, answer, found):
    with front.only("POST", r"List/\$validate", lambda _: answer()):
        assert rows(front)["$validate"]["found"] == found


@pytest.fixture
def saying(front):
    """What the CapabilityStatement says, changed."""

    def said(change):
        statement = json.loads(front.get("metadata").data)
        change(statement["rest"][0])
        return front.only(
            "GET", "metadata", lambda _: Response(json.dumps(statement), content_type=FHIR)
        )

    return said


@pytest.mark.parametrize(
    ("operations", "levels"),
    [
        (["export"], ["system"]),
        (["export", "patient-export", "group-export"], ["system", "Patient", "Group"]),
        (["$everything"], []),
    ],
)
def test_an_export_is_told_by_the_servers_own_words(front, checked, saying, operations, levels):
    def offer(rest):
        rest["operation"] = [{"name": name} for name in operations]

    with saying(offer):
        found = checked(front)
    assert found["server"]["exports"] == levels
    rows = {one["what"]: one["found"] for one in found["probes"]}
    assert rows["bulk export"] == ("says yes" if levels else "says no")
    assert not any("export" in path for _, path in front.requests)


def test_an_export_of_a_type_is_found_beside_the_type(front, checked, saying):
    def offer(rest):
        [group] = [one for one in rest["resource"] if one["type"] == "Group"]
        group["operation"] = [{"name": "export"}]

    with saying(offer):
        assert checked(front)["server"]["exports"] == ["Group"]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "says yes"),
        ({"capabilities": ["client-confidential-asymmetric"]}, "says yes"),
        ({"capabilities": "all"}, "says no"),
        (None, "says no"),
    ],
)
def test_a_login_with_a_key_is_told_by_the_servers_own_words(front, rows, told, found):
    content = None if told is None else {"token_endpoint": "https://x.example/token", **told}
    answer = Response(json.dumps(content), content_type="application/json")
    with front.only("GET", ".well-known/smart-configuration", answer):
        assert rows(front)["SMART login"]["found"] == found


def test_what_is_only_said_is_told_as_said(front, rows, saying):
    found = rows(front)
    names = ("types of a report", "ids of our own", "conditional update", "transaction", "If-Match")
    assert [found[name]["found"] for name in names] == ["says yes"] * 5
    assert [found[name]["found"] for name in ("the same twice", "all or nothing")] == [
        "not tried",
        "not tried",
    ]

    def less(rest):
        rest["interaction"] = []
        rest["resource"] = [one for one in rest["resource"] if one["type"] != "Measure"]
        for one in rest["resource"]:
            one.update(updateCreate=False, versioning="no-version")
            del one["conditionalUpdate"]

    with saying(less):
        found = rows(front)
    assert [found[name]["found"] for name in names] == [
        "says no",
        "says no",
        "not said",
        "says no",
        "says no",
    ]
    assert "missing: Measure" in found["types of a report"]["then"]


def test_a_form_of_search_that_a_vendor_wants_is_tried_and_told(front, rows):
    def wanted(request):
        lacks = "patient" in request.form and "category" not in request.form
        return Response("", 400) if lacks else None

    with front.only("POST", POST, wanted):
        row = rows(front)["search by patient"]
    assert row["found"] == "yes"
    assert "Observation by code, with the categories vital-signs, survey" in row["then"]
