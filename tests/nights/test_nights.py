"""After any nights the store is what a fresh pull would make of the server."""

from collections import Counter
from datetime import timedelta

import pytest
from werkzeug import Response
from werkzeug.test import Client

import made
from abate.errors import IncompletePull


@pytest.fixture
def ward(hospital):
    """Three patients with an index procedure and three scores each; a night has passed."""
    for one in "abc":
        hospital.server.put(made.patient(one))
        hospital.server.put(made.procedure(f"treat-{one}", one))
        hospital.server.put(made.condition(f"tumour-{one}", one))
        for number in range(3):
            hospital.server.put(made.score(f"{one}{number}", one, number))
    hospital.server.put(made.score("stranger", "elsewhere"))
    hospital.first_night(__name__)
    return hospital


def ids(rows, table="observation"):
    return [row[1] for row in rows[table]]


def test_the_first_night_brings_everything(ward):
    rows = ward.rows()
    assert {table: len(found) for table, found in rows.items()} == {
        "patient": 3, "procedure": 3, "condition": 3, "observation": 10,
    }  # fmt: skip
    assert rows == ward.fresh()


def test_a_night_without_changes_asks_once_and_counts_once_a_type(ward):
    before = ward.rows()
    assert ward.night() == before
    assert Counter(ward.server.requests) == {
        ("GET", "metadata"): 1,
        ("GET", "Procedure"): 2,
        ("GET", "Observation"): 2,
        ("GET", "Condition"): 2,
        ("GET", "Patient/_history"): 1,
    }


def test_the_requests_of_a_night_without_changes_do_not_grow_with_the_data(ward):
    ward.night()
    few = len(ward.server.requests)
    for number in range(30):
        ward.server.put(made.patient(f"more-{number}"))
        ward.server.put(made.procedure(f"more-{number}", f"more-{number}"))
    ward.night()
    ward.night()
    assert len(ward.server.requests) == few


CHANGES = {
    "a new score": lambda s, m: s.put(m.score("new", "a", 7)),
    "another value": lambda s, m: s.put(m.score("a1", "a", 9)),
    "an error": lambda s, m: s.put(m.score("a1", "a", 1, status="entered-in-error")),
    "another patient": lambda s, m: s.put(m.score("a1", "b", 1)),
    "a score deleted": lambda s, _: s.delete("Observation", "a1"),
    "a code changed away": lambda s, m: s.put(m.score("a1", "a", 1, code="8867-4")),
    "a code changed to a score's": lambda s, m: (
        s.put(m.score("heart", "a", 1, code="8867-4")), s.put(m.score("heart", "a", 1))
    ),
    "one deleted and one new": lambda s, m: (
        s.delete("Observation", "a1"), s.put(m.score("new", "b", 7))
    ),
    "deleted and back": lambda s, m: (
        s.delete("Observation", "a1"), s.put(m.score("a1", "a", 1))
    ),
    "a procedure in error": lambda s, m: (
        s.put(m.procedure("treat-a", "a", status="entered-in-error"))
    ),
    "a procedure deleted": lambda s, _: s.delete("Procedure", "treat-a"),
    "a procedure of another kind": lambda s, m: s.put(m.procedure("treat-a", "a", "earlier")),
    "a procedure of another patient": lambda s, m: (
        s.put(m.patient("d")), s.put(m.procedure("treat-a", "d"))
    ),
    "a new patient": lambda s, m: (s.put(m.patient("d")), s.put(m.procedure("treat-d", "d"))),
    "a patient deleted": lambda s, _: s.delete("Patient", "a"),
    "a condition deleted": lambda s, _: s.delete("Condition", "tumour-a"),
    "a merge": lambda s, m: (s.put(m.patient("d")), s.put(m.patient("a", replaced_by="d"))),
    "a merge that only the old record tells": lambda s, m: (
        s.put(m.patient("d")), s.put(m.score("d0", "d")), s.put(m.patient("d", replaced_by="a"))
    ),
    "a merge of one who was merged": lambda s, m: (
        s.put(m.patient("e", replaced_by="d")), s.put(m.score("e0", "e")),
        s.put(m.patient("d", replaced_by="a")),
    ),
    "nothing": lambda _s, _m: None,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_store_is_what_a_fresh_pull_makes(ward, change):
    CHANGES[change](ward.server, made)
    assert ward.night() == ward.fresh()


def test_a_deleted_score_has_a_tombstone_until_it_comes_back(ward):
    ward.server.delete("Observation", "a1")
    assert "a1" not in ids(ward.night())
    ward.server.put(made.score("a1", "a", 1))
    assert "a1" in ids(ward.night())


def test_without_history_a_deleted_patient_stays_until_the_ids_are_compared(ward):
    ward.server.instead = lambda request: (
        Response("no", 404) if "_history" in request.path else _without_history(request)
    )
    ward.server.delete("Patient", "a")
    assert "a" in ids(ward.night(), "patient")
    assert ward.night(is_compared=True) == ward.fresh()


def _without_history(request):
    if not request.path.endswith("/metadata"):
        return None
    return Response(
        '{"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}',
        content_type="application/fhir+json",
    )


def test_what_lastupdated_does_not_find_is_found_by_the_count(ward):
    """US Core says that `_lastUpdated` can miss changes."""
    night = ward.server.now
    ward.server.now = night - timedelta(days=90)
    ward.server.put(made.score("late", "a", 7))
    ward.server.now = night
    assert "late" in ids(ward.night())
    assert ward.rows() == ward.fresh()


def test_a_pull_that_fails_moves_no_watermark(ward):
    ward.server.put(made.score("new", "a", 7))
    ward.server.instead = lambda request: (
        Response("no", 404) if "/Condition" in request.path else None
    )
    with pytest.raises(Exception, match="incomplete result for conditions"):
        ward.night()
    assert "new" not in ids(ward.rows())
    ward.server.instead = lambda _: None
    assert ward.night() == ward.fresh()


@pytest.mark.parametrize("is_compared", [False, True])
def test_a_night_lists_only_what_the_categories_of_the_study_file_find(ward, is_compared):
    only = "source.query.observation.category=['survey']"
    mine = made.score("mine", "a") | {"category": [{"coding": [{"code": "survey"}]}]}
    ward.server.put(mine)
    assert ids(ward.night(only, name="some")) == ["mine"]
    ward.server.delete("Observation", "mine")
    for one in (made.score("other", "a"), mine | {"id": "later"}):
        ward.server.put(one)
    ward.night(only, name="some", is_compared=is_compared)
    assert ward.ask("select id from observation where state = 'mapped'", "some") == [("later",)]


def test_codes_that_the_study_adds_are_pulled_from_the_beginning(ward):
    ward.server.put(made.score("faces", "a", 4, code="38221-8"))
    ward.night()
    wider = "scores.codes=['http://loinc.org|72514-3', 'http://loinc.org|38221-8']"
    assert "faces" in ids(ward.night(wider))
    assert ward.rows() == ward.fresh(wider)


@pytest.mark.parametrize("answer", [400, 422])
def test_where_dates_of_change_are_refused_all_is_pulled_again_or_the_fault_is_named(ward, answer):
    ward.server.put(made.score("a1", "a", 9))
    ward.server.instead = lambda request: (
        Response("no", answer) if "_lastUpdated" in request.args else None
    )
    if answer == 400:
        assert ward.night() == ward.fresh()
    else:
        with pytest.raises(Exception, match="incomplete result for changed procedures"):
            ward.night()


@pytest.fixture
def late(ward):
    """A score that no search by date finds, and none by its id either."""
    night = ward.server.now
    ward.server.now = night - timedelta(days=90)
    ward.server.put(made.score("late", "a", 7))
    ward.server.now = night
    nothing = '{"resourceType": "Bundle", "type": "searchset", "total": 0}'

    def front(request):
        if not request.path.endswith("/Observation/_search") or "_id" not in request.form:
            return None
        ward.at_the_search()
        return Response(nothing, content_type="application/fhir+json")

    ward.server.instead, ward.at_the_search = front, lambda: None
    return ward


def test_what_is_listed_and_does_not_come_is_a_hole(late):
    before = late.rows()
    with pytest.raises(IncompletePull, match="1 ids are listed, but not found by _id"):
        late.night()
    assert late.rows() == before


def test_what_goes_between_the_listing_and_the_search_is_none(late):
    def gone():
        late.at_the_search = lambda: None
        late.server.delete("Observation", "late")

    late.at_the_search = gone
    assert late.night() == late.fresh()


def test_a_score_without_a_patient_that_each_search_by_patient_brings_counts_once(ward):
    """The server ignores `patient`, and nothing in the score tells that it is nobody's."""
    nameless = {**made.score("nameless", "a"), "subject": {"identifier": {"value": "1"}}}
    ward.server.put(nameless)

    def everybody_s(request):
        if not request.path.endswith("/Observation/_search"):
            return None
        asked = {name: one for name, one in request.form.items() if name != "patient"}
        answer = Client(ward.server.sandbox).get("/fhir/Observation", query_string=asked)
        return Response(answer.data, content_type="application/fhir+json")

    ward.server.instead = everybody_s
    rows = ward.night("source.strategy='patient'", "source.page_size=99", name="by-patient")
    assert ids(rows).count("nameless") == 1
