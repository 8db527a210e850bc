"""Each error is an OperationOutcome that shows nothing of what was sent."""

from types import SimpleNamespace

import pytest
import requests

from abate.sandbox import Sandbox, running

CANARY = "Canary-Surname"


def send(fhir, method, path, body=b"", media_type="application/fhir+json"):
    headers = {"Content-Type": media_type}
    url = f"{fhir.base}{path}"
    return requests.request(method, url, data=body, headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (("POST", "/Patient", f'{{"name": "{CANARY}"'), 400),
        (("POST", "/Patient", f'{{"resourceType": "Patient", "a": NaN, "b": "{CANARY}"}}'), 400),
        (("POST", "/Patient", b'\xff{"resourceType": "Patient"}'), 400),
        (("POST", "/Patient", '{"resourceType": "Patient", "a": "\\ud800"}'), 400),
        (("POST", "/Patient", "[" * 100_000), 400),
        (("POST", "/Patient", f'["{CANARY}"]'), 400),
        (("POST", "/Patient", f'{{"resourceType": "{CANARY}"}}'), 400),
        (("POST", "/Patient", '{"resourceType": "Procedure"}'), 400),
        (("POST", "/Patient", '{"resourceType": "Patient", "meta": "x"}'), 400),
        (("PUT", "/Patient/p1", '{"resourceType": "Patient", "id": "p2"}'), 400),
        (("PUT", "/Patient/p1", '{"resourceType": "Patient"}'), 400),
        (("PUT", "/Patient/p1", '{"resourceType": "Patient", "id": 7}'), 400),
        (("PUT", "/Patient/a_b", '{"resourceType": "Patient", "id": "a_b"}'), 400),
        (("PUT", f"/Patient/{'a' * 65}", '{"resourceType": "Patient"}'), 400),
        (("GET", "/Patient/$everything", ""), 400),
        (("GET", "/Medication", ""), 404),
        (("GET", f"/{CANARY}/1", ""), 404),
        (("GET", "/Patient/unknown", ""), 404),
        (("GET", "/Patient/unknown/_history", ""), 404),
        (("GET", f"/Patient/a/b/c/{CANARY}", ""), 404),
        (("PATCH", "/Patient/p1", "[]"), 405),
        (("DELETE", "/Patient?identifier=x", ""), 405),
        (("DELETE", "/metadata/x", ""), 404),
        (("POST", "", '{"resourceType": "Bundle", "type": "history", "entry": []}'), 400),
        (("POST", "", '{"resourceType": "Patient"}'), 400),
        (("GET", f"/Patient?_lastUpdated={CANARY}", ""), 400),
        (("GET", f"/Observation?date=xx{CANARY}", ""), 400),
        (("GET", "/Patient?_count=-1", ""), 400),
        (("GET", f"/Patient?identifier:{CANARY}=x", ""), 400),
    ],
)
def test_a_refusal_is_an_operation_outcome(fhir, outcome, sent, status):
    response = send(fhir, *sent)
    assert response.status_code == status
    assert outcome(response)["severity"] == "error"
    assert CANARY not in response.text


def test_another_media_type_is_415(fhir, outcome):
    response = send(fhir, "POST", "/Patient", "<Patient/>", "application/fhir+xml")
    assert response.status_code == 415
    assert outcome(response)["code"] == "not-supported"


def test_a_method_that_is_not_allowed_comes_with_those_that_are(fhir):
    assert send(fhir, "PATCH", "/Patient/p1").headers["Allow"] == "DELETE, GET, HEAD, PUT"


def test_what_was_refused_was_not_kept(fhir):
    send(fhir, "PUT", "/Patient/p1", '{"resourceType": "Patient", "id": "p1", "a": "\\ud800"}')
    assert fhir.get("Patient").json()["total"] == 0
    assert fhir.get("Patient/p1").status_code == 404


def test_outside_of_the_base_path_there_is_nothing(fhir, outcome):
    response = requests.get(fhir.base.removesuffix("/fhir") + "/", timeout=5)
    assert response.status_code == 404
    assert outcome(response)["code"] == "not-found"


def test_head_is_a_get_without_its_body(fhir, make):
    fhir.put("Patient/p1", make.patient("p1"))
    response = requests.head(f"{fhir.base}/Patient/p1", timeout=5)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("depth", [100, 400, 900, 2_000, 8_000, 40_000])
def test_a_deep_resource_is_kept_or_refused_but_never_a_fault(fhir, depth):
    body = '{"resourceType":"Patient","id":"p1","x":' + "[" * depth + "]" * depth + "}"
    for _ in range(2):  # The second one is compared with the first.
        assert send(fhir, "PUT", "/Patient/p1", body).status_code in (200, 201, 400)
    assert fhir.get("Patient").status_code == 200


@pytest.mark.parametrize(
    "value", ["7", '"x"', "[7]", "[null]", "{}", '{"coding":7}', '{"start":7}']
)
def test_elements_of_an_odd_shape_are_kept_and_not_found(fhir, value):
    names = ("identifier", "code", "subject", "effectivePeriod", "effectiveDateTime", "focus")
    elements = ",".join(f'"{name}":{value}' for name in names)
    body = f'{{"resourceType":"Observation","id":"o1",{elements}}}'
    assert send(fhir, "PUT", "/Observation/o1", body).status_code == 201
    assert f'"code":{value}' in fhir.get("Observation/o1").text
    assert fhir.ids("Observation?date=2026&code=y&subject=z") == []


PAGE = "http://pages.example"


def from_a_page(fhir, method, path, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = requests.Request(method, f"{fhir.base}{path}", data=body, headers=named).prepare()
    with requests.Session() as session:
        return session.send(sent, timeout=5)


PATIENT = '{"resourceType": "Patient", "id": "p1"}'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # What a browser sends without asking first: fetch() with a Blob of no type, text, a form.
        ({}, 415),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "text/plain", "Origin": PAGE}, 403),
        ({"Content_Type": "application/x-www-form-urlencoded", "Origin": PAGE}, 403),
        ({"Content_Type": "application/fhir+json", "Origin": PAGE}, 403),
        ({"Content_Type": "application/fhir+json", "Origin": "null"}, 403),
        ({"Content_Type": "application/fhir+json", "Origin": "http://[broken"}, 403),
    ],
)
def test_a_web_page_cannot_write(fhir, headers, status):
    response = from_a_page(fhir, "POST", "/Patient", PATIENT, **headers)

    assert response.status_code == status
    assert response.json()["resourceType"] == "OperationOutcome"
    assert fhir.get("Patient").json()["total"] == 0


@pytest.mark.parametrize("host", ["pages.example", "pages.example:8080", "", "[::1", "127.0.0.1.x"])
def test_a_web_page_whose_name_resolves_to_this_machine_cannot_read(fhir, host):
    fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})

    response = from_a_page(fhir, "GET", "/Patient/p1", Host=host)

    assert response.status_code in (400, 403)
    assert "p1" not in response.text


@pytest.mark.parametrize("host", ["localhost", "localhost.:8080", "127.0.0.1:1", "[::1]:80"])
def test_the_names_of_this_machine_are_answered(fhir, host):
    assert from_a_page(fhir, "GET", "/metadata", Host=host).status_code == 200


def test_a_page_of_the_server_itself_is_answered(fhir):
    port = fhir.base.removesuffix("/fhir").rpartition(":")[2]
    host = f"127.0.0.1:{port}"

    response = from_a_page(fhir, "GET", "/metadata", Host=host, Origin=f"http://{host}")

    assert response.status_code == 200


def test_a_name_that_was_given_is_answered():
    with running(Sandbox(hosts=["fhir.test"])) as base:
        fhir = SimpleNamespace(base=base)

        assert from_a_page(fhir, "GET", "/metadata", Host="fhir.test:80").status_code == 200
        assert from_a_page(fhir, "GET", "/metadata", Host="other.test").status_code == 403
