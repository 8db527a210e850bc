"""Pages of a search: each resource once, in its own bytes, and an error if something is missing."""

import json

import pytest

from abate.errors import IncompletePull
from abate.source.search import completeness, received


def test_all_pages_arrive_and_each_id_once(script, pull, resource):
    score = resource["Observation"]
    script.pages["Observation"] = [
        script.bundle(score("s1"), score("s2"), total=3, following=script.link("Observation", 2)),
        script.bundle(score("s2"), score("s3"), total=3),
    ]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1", "s2", "s3"]
    assert pulled.said[-1] == "pulled pain scores: 3 of 3 Observation, 2 pages"


def test_the_end_of_a_pull_says_what_each_query_expected_and_received(pull):
    assert pull().said[-3:] == [
        "pulled index procedures: 1 of 1 Procedure, 1 page",
        "pulled patients: 1 of 1 Patient, 1 page",
        "pulled pain scores: 2 of 2 Observation, 1 page",
    ]


@pytest.mark.parametrize("relative", ["Observation?page=2", "/fhir/Observation?page=2"])
def test_a_relative_next_link_starts_at_the_base(script, pull, resource, relative):
    score = resource["Observation"]
    script.pages["Observation"] = [
        script.bundle(score("s1"), total=2, following=relative),
        script.bundle(score("s2"), total=2),
    ]
    assert pull().ids("Observation") == ["s1", "s2"]


def test_a_next_link_is_followed_as_it_was_given(script, pull, resource):
    score = resource["Observation"]
    link = script.link("Observation", 2) + "&cursor=a%2Fb%3D&x=1+2"
    script.pages["Observation"] = [
        script.bundle(score("s1"), total=2, following=link),
        script.bundle(score("s2"), total=2),
    ]
    pull()
    method, url, _ = script.requests[-1]
    assert (method, url) == ("GET", "/fhir/Observation?page=2&cursor=a%2Fb%3D&x=1+2")


@pytest.mark.parametrize(
    ("link", "named"),
    [
        (
            "http://other.example/r4/p1/Observation?page=2&patient=p1",
            "http://other.example/r4/…/Observation, ",
        ),
        ("//other.example/r4?patient=p1", "http://other.example/r4, "),
        ("https://127.0.0.1/fhirs?patient=p1", "https://127.0.0.1/…, "),
        ("http://other.example/fhir/../r4?patient=p1", "http://other.example/fhir/…/r4, "),
        ("ftp://other.example/fhir?patient=p1", "ftp://other.example/fhir, "),
        ("http://127.0.0.1:443:8080/fhir?patient=p1", "a text that is not a URL"),
        ("http://[fhir?patient=p1", "a text that is not a URL"),
    ],
)
def test_a_next_link_to_another_origin_is_a_hole(script, pull, resource, link, named):
    first = script.bundle(resource["Observation"]("s1"), total=2, following=link)
    script.pages["Observation"] = [first]
    with pytest.raises(IncompletePull, match=r"pain scores \(Observation, page 2\)") as caught:
        pull()
    assert f"refers to {named}" in str(caught.value)
    assert "p1" not in str(caught.value)


@pytest.mark.parametrize(
    "root",
    [
        "http://fhir-backend:8080",
        "https://localhost",
        "http://localhost:443:443",
        "https://someone:secret@other.example:8443",
    ],
)
def test_a_next_link_by_another_name_of_the_server_is_followed_at_our_base_and_told_once(
    script, pull, resource, root
):
    score = resource["Observation"]
    links = [f"{root}/fhir/Observation?page={number}&patient=p1" for number in (2, 3)]
    script.pages["Observation"] = [
        script.bundle(score("s1"), total=3, following=links[0]),
        script.bundle(score("s2"), total=3, following=links[1]),
        script.bundle(score("s3"), total=3),
    ]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1", "s2", "s3"]
    [warning] = [said for said in pulled.said if "calls itself" in said]
    assert "secret" not in warning
    assert "patient=" not in warning


def test_next_links_in_a_circle_are_a_hole(script, pull, resource):
    score = resource["Observation"]
    second, third = script.link("Observation", 2), script.link("Observation", 3)
    script.pages["Observation"] = [
        script.bundle(score("s1"), following=second),
        script.bundle(score("s2"), following=third),
        script.bundle(score("s3"), following=second),
    ]
    script.counts["Observation"] = script.bundle(total=3)
    with pytest.raises(IncompletePull, match=r"Observation, page 4\): its next link leads back"):
        pull()


def test_pages_that_go_on_forever_without_anything_new_are_a_hole(
    script, pull, resource, monkeypatch
):
    monkeypatch.setattr(received, "IDLE_PAGES", 3)
    monkeypatch.setattr(completeness, "IDLE_PAGES", 3)
    score = resource["Observation"]

    def endless(_):
        link = script.link("Observation", 2) + f"&turn={len(script.requests)}"
        return script.bundle(score("s1"), total=1, following=link)

    script.pages["Observation"] = [endless, endless]
    with pytest.raises(IncompletePull, match=r"page 4\): 3 pages in a row held nothing new"):
        pull()


def test_an_empty_page_in_the_middle_is_no_end(script, pull, resource):
    score = resource["Observation"]
    script.pages["Observation"] = [
        script.bundle(score("s1"), total=2, following=script.link("Observation", 2)),
        script.bundle(total=2, following=script.link("Observation", 3)),
        script.bundle(score("s2"), total=2),
    ]
    assert pull().ids("Observation") == ["s1", "s2"]


def test_fewer_rows_than_the_total_are_a_hole(script, pull, resource):
    first = script.bundle(resource["Observation"]("s1"), total=2)
    script.pages["Observation"] = [first]
    with pytest.raises(
        IncompletePull,
        match=r"pain scores \(Observation\): the server counts 2, but 1 were received on 2 pages\.",
    ):
        pull()


def test_the_same_row_twice_does_not_fill_a_hole(script, pull, resource):
    score = resource["Observation"]
    script.pages["Observation"] = [script.bundle(score("s1"), score("s1"), total=2)]
    with pytest.raises(IncompletePull, match="counts 2, but 1 were received"):
        pull()


def test_without_a_total_the_server_is_asked_for_its_count(script, pull, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"))]
    script.counts["Observation"] = script.bundle(total=2)
    with pytest.raises(IncompletePull, match="counts 2, but 1 were received"):
        pull()


def test_a_server_that_gives_no_count_at_all_is_pulled_and_this_is_said(script, pull, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"))]
    pulled = pull()
    assert pulled.ids("Observation") == ["s1"]
    assert pulled.said[-2] == "pulled pain scores: 1 (there is no count) Observation, 2 pages"


def test_without_a_count_two_passes_must_bring_the_same(script, pull, resource):
    score = resource["Observation"]
    turns = iter([["s1"], ["s1", "s2"], ["s2", "s1"]])
    script.pages["Observation"] = [lambda _: script.bundle(*map(score, next(turns)))]
    assert sorted(pull().ids("Observation")) == ["s1", "s2"]
    turns = iter([["s1"], ["s1", "s2"], ["s2", "s3"]])
    with pytest.raises(IncompletePull, match="no count, and 3 passes returned different ids"):
        pull()


def test_a_study_may_say_that_one_pass_will_do(script, pull, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"))]
    assert pull(passes=1).said[-2].endswith("1 (there is no count) Observation, 1 page")


def test_fewer_rows_are_counted_again_and_asked_for_once_more(script, pull, resource):
    score = resource["Observation"]
    script.pages["Observation"] = [lambda _: script.bundle(*map(score, next(turns)), total=2)]
    script.counts["Observation"] = script.bundle(total=2)
    turns = iter([["s1"], ["s2"]])
    pulled = pull()
    assert pulled.ids("Observation") == ["s1", "s2"]
    assert "pain scores: 1 of 2 received, asking again" in pulled.said


def test_rows_that_went_away_while_paging_are_no_hole(script, pull, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"), total=2)]
    script.counts["Observation"] = script.bundle(total=1)
    assert pull().ids("Observation") == ["s1"]


def test_included_resources_and_warnings_are_no_rows(script, pull, resource):
    score = resource["Observation"]
    page = script.bundle(score("s1"), total=1)
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
    page["entry"] += [
        {"resource": {"resourceType": "Patient"}, "search": {"mode": "include"}},
        {"resource": warning, "search": {"mode": "outcome"}},
        {"resource": warning},
    ]
    script.pages["Observation"] = [page]
    assert pull().ids("Observation") == ["s1"]


def test_an_entry_without_a_search_mode_is_a_match(script, pull, resource):
    page = script.bundle(total=1)
    page["entry"] = [{"resource": resource["Observation"]("s1")}]
    script.pages["Observation"] = [page]
    assert pull().ids("Observation") == ["s1"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"resourceType": "Observation", "note": "canary"}, "not a resource with a type and an id"),
        ({"resourceType": "Observation", "id": 7}, "not a resource with a type and an id"),
        ({"id": "canary"}, "not a resource with a type and an id"),
        (None, "not a resource with a type and an id"),
        ({"resourceType": "Condition", "id": "c1"}, "an entry is no Observation: Condition"),
        ({"resourceType": "canary 7", "id": "c1"}, "an entry is no Observation: an unknown type"),
        (
            {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "x": "canary"}]},
            "an OperationOutcome with an error",
        ),
    ],
)
def test_an_entry_that_is_no_row_is_a_hole_and_not_shown(script, pull, resource, entry, words):
    page = script.bundle(resource["Observation"]("s1"))
    page["entry"].append({"resource": entry, "search": {"mode": "match"}})
    script.pages["Observation"] = [page]
    with pytest.raises(IncompletePull, match=r"\(Observation, page 1\)") as caught:
        pull()
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("subject", [{"reference": 5}, "p1", None, {"reference": "Patient/p1"}])
def test_an_odd_subject_of_a_score_stops_nothing(script, pull, resource, subject):
    odd = resource["Observation"]("s1") | {"subject": subject}
    script.pages["Observation"] = [script.bundle(odd, total=1)]
    assert pull().ids("Observation") == ["s1"]


def test_resources_land_as_the_bytes_that_came(script, pull):
    resource = (
        '{"resourceType":"Observation","id":"s1", "valueQuantity":{"value":6.50,"x":1E+2},'
        '"code":{"coding":[{"code":"pain"}]}}'
    )
    script.pages["Observation"] = [
        '{"resourceType":"Bundle","total":1,"entry":[{"resource":' + resource + "}]}"
    ]
    assert pull().landed["Observation"] == resource.encode() + b"\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_pretty_printed_resource_lands_on_one_line_with_its_decimals(script, pull, newline):
    text = """{
      "resourceType": "Bundle", "total": 2,
      "entry": [
        {"resource": {
          "resourceType": "Observation",
          "id": "s1",
          "note": "one\\ntwo  three",
          "code": {"coding": [{"code": "pain"}]},
          "valueQuantity": {"value": 6.50}
        }},
        {"resource": {"resourceType": "Observation", "id": "s2",
          "code": {"coding": [{"code": "pain"}]},
          "valueQuantity": {"value": 7.0e0}}}
      ]
    }"""
    script.pages["Observation"] = [text.replace("\n", newline)]
    lines = pull().landed["Observation"].splitlines()
    assert len(lines) == 2
    assert b"6.50" in lines[0]
    assert b"7.0e0" in lines[1]
    assert json.loads(lines[0])["note"] == "one\ntwo  three"
