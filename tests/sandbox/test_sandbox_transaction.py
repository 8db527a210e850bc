"""Transactions: all or nothing, and references between their entries."""

import pytest
import requests

URN = "urn:uuid:00000000-0000-4000-8000-00000000000{}"
IDENTIFIER = [{"system": "urn:mrn", "value": "1"}]


def entry(method, url, resource=None, full_url=None, **request):
    made = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    return made | ({"fullUrl": full_url} if full_url else {})


def statuses(response):
    return [one["response"]["status"][:3] for one in response.json()["entry"]]


def test_a_batch_reads_each_entry_alone_and_writes_nothing(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    fhir.put("Patient/p2", make.patient("p2"))
    fhir.delete("Patient/p2")
    entries = [
        entry("GET", "Patient/p1"),
        entry("GET", "Patient/p2"),
        entry("GET", "Patient/p3"),
        entry("GET", "Patient?_id=p1"),
        entry("GET", f"{fhir.base}/Patient/p1", ifNoneMatch='W/"1"'),
        entry("PUT", "Patient/p4", make.patient("p4")),
        {},
    ]
    response = fhir.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert (response.status_code, response.json()["type"]) == (200, "batch-response")
    assert statuses(response) == ["200", "410", "404", "200", "304", "400", "400"]
    first, _, third, found, *_ = response.json()["entry"]
    assert first["resource"] == fhir.get("Patient/p1").json()
    assert third["response"]["outcome"]["issue"][0]["code"] == "not-found"
    assert found["resource"]["total"] == 1
    assert fhir.get("Patient/p4").status_code == 404


def test_references_between_new_resources_are_resolved_everywhere(fhir):
    observation = {
        "resourceType": "Observation",
        "subject": {"reference": URN.format(1)},
        "identifier": [{"value": URN.format(1)}],
        "extension": [{"url": "x", "valueReference": {"reference": URN.format(2)}}],
    }
    response = fhir.transaction(
        entry("POST", "Observation", observation, URN.format(3)),
        entry("POST", "Patient", {"resourceType": "Patient"}, URN.format(1)),
        entry("PUT", "Group/g1", {"resourceType": "Group", "id": "g1"}, URN.format(2)),
    )
    assert response.status_code == 200
    assert response.json()["type"] == "transaction-response"
    observed, patient, _ = [one["response"] for one in response.json()["entry"]]
    read = fhir.get(observed["location"]).json()
    assert read["subject"]["reference"] == patient["location"].partition("/_history")[0]
    assert read["extension"][0]["valueReference"]["reference"] == "Group/g1"
    assert read["identifier"] == observation["identifier"]


def test_the_response_is_in_the_order_of_the_request(fhir, make):
    fhir.put("Patient/old", make.patient("old"))
    response = fhir.transaction(
        entry("GET", "Patient/new"),
        entry("PUT", "Patient/new", make.patient("new")),
        entry("POST", "Patient", {"resourceType": "Patient"}),
        entry("DELETE", "Patient/old"),
        entry("GET", "Patient?_summary=count"),
    )
    assert statuses(response) == ["200", "201", "201", "204", "200"]
    read, put, *_, found = response.json()["entry"]
    assert read["resource"]["id"] == "new"
    assert put["response"] == {
        "status": "201 Created",
        "location": "Patient/new/_history/1",
        "etag": 'W/"1"',
        "lastModified": "2026-03-01T10:00:00.250Z",
    }
    assert found["resource"]["total"] == 2
    assert fhir.get("Patient/old").status_code == 410


def test_one_refused_entry_undoes_all(fhir, make, outcome):
    fhir.put("Patient/old", make.patient("old"))
    fhir.put("Patient/kept", make.patient("kept"))
    response = fhir.transaction(
        entry("DELETE", "Patient/old"),
        entry("POST", "Patient", {"resourceType": "Patient"}),
        entry("PUT", "Patient/kept", make.patient("kept", active=True)),
        entry("PUT", "Patient/new", make.patient("new"), ifMatch='W/"4"'),
    )
    assert response.status_code == 412
    assert outcome(response)["diagnostics"].startswith("entry 3: ")
    assert fhir.ids("Patient") == ["old", "kept"]
    assert fhir.get("Patient/_history").json()["total"] == 2
    assert fhir.put("Patient/kept", make.patient("kept", active=True)).headers["ETag"] == 'W/"2"'


def test_a_dangling_reference_undoes_all_and_names_the_entry(fhir, make, outcome):
    response = fhir.transaction(
        entry("PUT", "Patient/p1", make.patient("p1")),
        entry("PUT", "Observation/o1", make.observation("o1", patient="canary")),
    )
    assert response.status_code == 422
    assert outcome(response)["diagnostics"].startswith("entry 1: ")
    assert "canary" not in response.text
    assert fhir.ids("Patient") == []


def test_a_failed_read_undoes_all(fhir, make, outcome):
    response = fhir.transaction(
        entry("PUT", "Patient/p1", make.patient("p1")), entry("GET", "Patient/none")
    )
    assert response.status_code == 404
    assert outcome(response)["diagnostics"].startswith("entry 1: ")
    assert fhir.ids("Patient") == []


def test_conditional_entries_find_what_is_there(fhir):
    patient = {"resourceType": "Patient", "identifier": IDENTIFIER}
    url = "Patient?identifier=urn:mrn|1"
    create = entry("POST", "Patient", patient, ifNoneExist="identifier=urn:mrn|1")
    assert statuses(fhir.transaction(create)) == ["201"]
    assert statuses(fhir.transaction(create)) == ["200"]
    assert statuses(fhir.transaction(entry("PUT", url, patient | {"active": True}))) == ["200"]
    assert fhir.get(url).json()["entry"][0]["resource"]["meta"]["versionId"] == "2"
    fhir.post("Patient", patient)
    assert fhir.transaction(create).status_code == 412
    assert fhir.transaction(entry("PUT", url, patient)).status_code == 412


def test_a_reference_to_a_conditional_entry_is_to_what_was_found(fhir, make):
    patient = {"resourceType": "Patient", "identifier": IDENTIFIER}
    fhir.put("Patient/p1", make.patient("p1", identifier=IDENTIFIER))
    fhir.transaction(
        entry("POST", "Patient", patient, URN.format(1), ifNoneExist="identifier=urn:mrn|1"),
        entry(
            "POST",
            "Observation",
            {"resourceType": "Observation", "subject": {"reference": URN.format(1)}},
        ),
    )
    assert fhir.get("Observation?patient=p1&_summary=count").json()["total"] == 1


def test_the_same_transaction_twice_makes_no_new_version(fhir):
    report = entry(
        "PUT", "Group?identifier=urn:mrn|1", {"resourceType": "Group", "identifier": IDENTIFIER}
    )
    first, second = fhir.transaction(report), fhir.transaction(report)
    assert (statuses(first), statuses(second)) == (["201"], ["200"])
    assert second.json()["entry"][0]["response"]["etag"] == 'W/"1"'


def test_if_none_match_creates_only(fhir, make):
    create = entry("PUT", "Patient/p1", make.patient("p1"), ifNoneMatch="*")
    assert statuses(fhir.transaction(create)) == ["201"]
    assert fhir.transaction(create).status_code == 412
    read = entry("GET", "Patient/p1", ifNoneMatch='W/"1"')
    assert statuses(fhir.transaction(read)) == ["304"]


def test_an_empty_transaction_is_answered(fhir):
    assert fhir.transaction().json()["type"] == "transaction-response"


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        ("no object", 400),
        ({}, 400),
        ({"request": {"method": "PUT"}}, 404),
        (entry("PATCH", "Patient/p1"), 400),
        (entry("PUT", 7), 400),
        (entry("PUT", "Medication/m1", {"resourceType": "Medication"}), 404),
        (entry("PUT", "Patient/p1"), 400),
        (entry("PUT", "Patient/p1", {"resourceType": "Group"}), 400),
        (entry("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p2"}), 400),
        (entry("PUT", "Patient", {"resourceType": "Patient"}), 400),
        (entry("POST", "Patient/p1", {"resourceType": "Patient"}), 400),
        (entry("DELETE", "Patient?identifier=1"), 400),
        (entry("GET", "metadata"), 404),
    ],
)
def test_a_broken_entry_is_named(fhir, make, outcome, broken, status):
    response = fhir.transaction(entry("PUT", "Patient/ok", make.patient("ok")), broken)
    assert response.status_code == status
    assert outcome(response)["diagnostics"].startswith("entry 1: ")
    assert fhir.ids("Patient") == []


def test_two_entries_about_one_resource_are_refused(fhir, make):
    put = entry("PUT", "Patient/p1", make.patient("p1"))
    conditional = entry("PUT", "Patient?identifier=1", {"resourceType": "Patient"})
    create = entry("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist="identifier=1")
    for twice in ((put, put), (put, entry("DELETE", "Patient/p1")), (conditional, conditional)):
        assert fhir.transaction(*twice).status_code == 400
    assert fhir.transaction(create, create).status_code == 400
    assert fhir.transaction(conditional, create).status_code == 400


def test_numbers_keep_their_text_in_a_transaction(fhir):
    body = (
        '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT",'
        '"url":"Patient/p1"},"resource":{"resourceType":"Patient","x":6.50}}]}'
    )
    headers = {"Content-Type": "application/fhir+json"}
    requests.post(fhir.base, data=body, headers=headers, timeout=5)
    assert '"x":6.50}' in fhir.get("Patient/p1").text
