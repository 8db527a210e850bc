"""Read, create, update, delete, and their versions."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests

from abate.sandbox import Sandbox

IDENTIFIER = [{"system": "urn:example:mrn", "value": "1"}]

JSON = {"Content-Type": "application/fhir+json"}


def test_create_gives_an_id_a_location_and_an_etag(fhir):
    response = fhir.post("Patient", {"resourceType": "Patient", "id": "mine", "active": True})
    created = response.json()
    assert response.status_code == 201
    assert created["id"] != "mine"
    assert created["meta"] == {"versionId": "1", "lastUpdated": "2026-03-01T10:00:00.250Z"}
    assert response.headers["ETag"] == 'W/"1"'
    assert response.headers["Location"] == f"{fhir.base}/Patient/{created['id']}/_history/1"
    assert response.headers["Last-Modified"] == "Sun, 01 Mar 2026 10:00:00 GMT"


def test_a_resource_is_read_as_it_was_written(fhir, make):
    patient = make.patient(
        "p1",
        meta={"tag": [{"code": "t"}], "profile": ["http://example.org/p"]},
        name=[{"family": "Ü", "_family": {"extension": []}}],
        unknown={"kept": [None, True]},
    )
    fhir.put("Patient/p1", patient)
    response = fhir.get("Patient/p1")
    read = response.json()
    assert response.headers["Content-Type"] == "application/fhir+json"
    assert read["meta"].pop("versionId") == "1"
    del read["meta"]["lastUpdated"]
    assert read == patient


@pytest.mark.parametrize("number", ["6.50", "6.5", "1E2", "1e-7", "-0", "100000000000000000000.10"])
def test_numbers_keep_their_text(fhir, make, number):
    fhir.put("Patient/p1", make.patient("p1"))
    body = (
        '{"resourceType":"Observation","id":"o1","status":"final",'
        f'"subject":{{"reference":"Patient/p1"}},"valueQuantity":{{"value":{number}}}}}'
    )
    requests.put(
        f"{fhir.base}/Observation/o1",
        data=body,
        headers={"Content-Type": "application/fhir+json"},
        timeout=5,
    )
    assert f'"value":{number}}}' in fhir.get("Observation/o1").text
    assert f'"value":{number}}}' in fhir.get("Observation").text


def test_put_creates_and_then_updates(fhir, make):
    assert fhir.put("Patient/p1", make.patient("p1")).status_code == 201
    response = fhir.put("Patient/p1", make.patient("p1", active=True))
    assert (response.status_code, response.headers["ETag"]) == (200, 'W/"2"')


def test_the_same_content_makes_no_new_version(fhir, clock, make):
    first = fhir.put("Patient/p1", make.patient("p1", active=True, gender="other")).json()
    clock.move(hours=1)
    again = fhir.put("Patient/p1", {"gender": "other", "active": True, **make.patient("p1")})
    assert (again.status_code, again.json()) == (200, first)
    assert fhir.put("Patient/p1", first).json() == first
    assert fhir.get("Patient/p1/_history").json()["total"] == 1


def test_another_text_of_a_decimal_is_another_content(fhir):
    for number, version in (("0.5", "1"), ("0.50", "2"), ("0.50", "2")):
        body = f'{{"resourceType":"Patient","id":"p1","extension":[{{"valueDecimal":{number}}}]}}'
        response = requests.put(f"{fhir.base}/Patient/p1", data=body, headers=JSON, timeout=5)
        assert response.headers["ETag"] == f'W/"{version}"'


def test_each_version_can_be_read(fhir, make):
    for active in (True, False):
        fhir.put("Patient/p1", make.patient("p1", active=active))
    assert fhir.get("Patient/p1/_history/1").json()["active"] is True
    assert fhir.get("Patient/p1/_history/2").json()["active"] is False
    assert fhir.get("Patient/p1/_history/3").status_code == 404
    assert fhir.get("Patient/p1/_history/x").status_code == 404


def test_a_deleted_resource_is_gone_and_its_history_stays(fhir, make, outcome):
    fhir.put("Patient/p1", make.patient("p1"))
    assert fhir.delete("Patient/p1").status_code == 204
    response = fhir.get("Patient/p1")
    assert response.status_code == 410
    assert outcome(response)["code"] == "deleted"
    newest, oldest = fhir.get("Patient/p1/_history").json()["entry"]
    assert newest["request"] == {"method": "DELETE", "url": "Patient/p1"}
    assert "resource" not in newest
    assert newest["response"]["status"] == "204 No Content"
    assert oldest["resource"]["meta"]["versionId"] == "1"
    assert fhir.get("Patient/p1/_history/2").status_code == 410
    assert fhir.ids("Patient") == []


def test_put_brings_a_deleted_resource_back_with_the_next_version(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    fhir.delete("Patient/p1")
    response = fhir.put("Patient/p1", make.patient("p1"))
    assert (response.status_code, response.headers["ETag"]) == (201, 'W/"3"')
    assert fhir.get("Patient/p1").status_code == 200


def test_deleting_twice_or_what_never_was_is_done_already(fhir, make):
    assert fhir.delete("Patient/p1").status_code == 204
    fhir.put("Patient/p1", make.patient("p1"))
    fhir.delete("Patient/p1")
    assert fhir.delete("Patient/p1").status_code == 204
    assert fhir.get("Patient/p1/_history").json()["total"] == 2


def test_the_history_of_a_type_can_begin_at_an_instant(fhir, clock, make):
    fhir.put("Patient/p1", make.patient("p1"))
    clock.move(minutes=1)
    fhir.put("Patient/p2", make.patient("p2"))
    fhir.delete("Patient/p1")
    every = fhir.get("Patient/_history").json()
    assert [e["fullUrl"].rpartition("/")[2] for e in every["entry"]] == ["p1", "p2", "p1"]
    since = fhir.get("Patient/_history?_since=2026-03-01T10:01:00Z").json()
    assert [e["request"]["method"] for e in since["entry"]] == ["DELETE", "PUT"]
    assert fhir.get("Patient/_history?_since=soon").status_code == 400


def test_if_none_match_saves_the_body(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    response = fhir.get("Patient/p1", headers={"If-None-Match": 'W/"1"'})
    assert (response.status_code, response.content) == (304, b"")
    assert fhir.get("Patient/p1", headers={"If-None-Match": 'W/"9"'}).status_code == 200


def test_if_match_guards_an_update_and_a_delete(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    changed = make.patient("p1", active=True)
    assert fhir.put("Patient/p1", changed, If_Match='W/"7"').status_code == 412
    assert fhir.delete("Patient/p1", If_Match='W/"7"').status_code == 412
    assert fhir.put("Patient/none", make.patient("none"), If_Match='W/"1"').status_code == 412
    assert fhir.put("Patient/p1", changed, If_Match='W/"1"').status_code == 200
    assert fhir.put("Patient/p1", make.patient("p1"), If_None_Match="*").status_code == 412


def test_conditional_create_makes_one_and_refuses_to_choose_between_two(fhir, outcome):
    patient = {"resourceType": "Patient", "identifier": IDENTIFIER}
    condition = {"If_None_Exist": "identifier=urn:example:mrn|1"}
    first = fhir.post("Patient", patient, **condition)
    second = fhir.post("Patient", patient, **condition)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    fhir.post("Patient", patient)
    third = fhir.post("Patient", patient, **condition)
    assert third.status_code == 412
    assert outcome(third)["code"] == "multiple-matches"


def test_conditional_update_creates_updates_and_refuses_to_choose(fhir):
    patient = {"resourceType": "Patient", "identifier": IDENTIFIER}
    url = "Patient?identifier=urn:example:mrn|1"
    first = fhir.put(url, patient)
    second = fhir.put(url, patient | {"active": True})
    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.json()["id"], second.headers["ETag"]) == (first.json()["id"], 'W/"2"')
    fhir.post("Patient", patient)
    assert fhir.put(url, patient).status_code == 412


def test_a_conditional_update_keeps_the_id_that_it_brings(fhir, make):
    url = "Patient?identifier=urn:example:mrn|1"
    patient = make.patient("p1", identifier=IDENTIFIER)
    assert fhir.put(url, patient).json()["id"] == "p1"
    assert fhir.put(url, patient | {"id": "p2"}).status_code == 400
    assert fhir.put("Patient?identifier=other", make.patient("p1")).status_code == 409


@pytest.mark.parametrize("condition", ["", "colour=red", "_count=1", "identifier="])
def test_a_condition_without_a_known_parameter_is_refused(fhir, condition):
    response = fhir.put(f"Patient?{condition}", {"resourceType": "Patient"})
    assert response.status_code == 400
    assert fhir.ids("Patient") == []


def test_a_reference_to_what_never_was_is_refused(fhir, make, outcome):
    response = fhir.put("Observation/o1", make.observation("o1", patient="canary"))
    assert response.status_code == 422
    assert "canary" not in outcome(response)["diagnostics"]
    assert fhir.get("Observation/o1").status_code == 404


def test_a_reference_to_what_was_deleted_or_is_of_another_type_or_server_is_kept(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    fhir.delete("Patient/p1")
    elsewhere = [{"reference": "Location/9"}, {"reference": "http://example.org/fhir/Patient/9"}]
    observation = make.observation("o1", focus=elsewhere)
    assert fhir.put("Observation/o1", observation).status_code == 201


@pytest.mark.parametrize("link", ["urn:uuid:6fa8e9a1-0000-4000-8000-000000000000", "Patient?_id=a"])
def test_a_reference_that_nothing_resolves_is_refused(fhir, make, link):
    observation = make.observation("o1") | {"subject": {"reference": link}}
    assert fhir.put("Observation/o1", observation).status_code == 422


def test_a_resource_may_refer_to_itself(fhir, make):
    patient = make.patient("p1", link=[{"other": {"reference": "Patient/p1"}}])
    assert fhir.put("Patient/p1", patient).status_code == 201


@pytest.fixture
def parallel(serve):
    """A server whose clock lets other threads run in the middle of each write."""

    def clock():
        threading.Event().wait(0.002)
        return datetime.now(UTC)

    with serve(Sandbox(clock=clock)) as client:
        yield client


def test_parallel_writers_lose_no_version(parallel, make):
    def write(number):
        resource = make.patient("p1", extension=[{"url": "n", "valueInteger": number}])
        url = f"{parallel.base}/Patient/p1"
        return requests.put(url, json=resource, timeout=10).headers["ETag"]

    with ThreadPoolExecutor(8) as pool:
        etags = set(pool.map(write, range(40)))
    assert etags == {f'W/"{number}"' for number in range(1, 41)}
    history = parallel.get("Patient/p1/_history").json()["entry"]
    versions = [int(entry["resource"]["meta"]["versionId"]) for entry in history]
    assert versions == list(range(40, 0, -1))


def test_of_parallel_writers_with_the_same_if_match_one_wins(parallel, make):
    parallel.put("Patient/p1", make.patient("p1"))

    def write(number):
        return requests.put(
            f"{parallel.base}/Patient/p1",
            json=make.patient("p1", extension=[{"url": "n", "valueInteger": number}]),
            headers={"If-Match": 'W/"1"'},
            timeout=10,
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(write, range(8)))
    assert statuses == [200] + [412] * 7


def test_parallel_conditional_creates_make_one_resource(parallel):
    def write(_):
        return requests.post(
            f"{parallel.base}/Patient",
            json={"resourceType": "Patient", "identifier": IDENTIFIER},
            headers={"If-None-Exist": "identifier=urn:example:mrn|1"},
            timeout=10,
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(write, range(24)))
    assert statuses == [200] * 23 + [201]
