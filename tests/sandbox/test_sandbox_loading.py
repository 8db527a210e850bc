"""Files: Bundles, single resources, NDJSON."""

import json

import pytest

from abate.errors import AbateError
from abate.sandbox import Sandbox

URN = "urn:uuid:6fa8e9a1-0000-4000-8000-000000000000"


@pytest.fixture
def write(tmp_path):
    def save(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        return path

    return save


def bundle(*entries, kind="collection"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def test_ndjson_keeps_ids_and_numbers(sandbox, fhir, write, make):
    patient = json.dumps(make.patient("p1"))
    observation = json.dumps(make.observation("o1"))[:-1] + ', "valueDecimal": 6.50}'
    path = write("all.ndjson", f"{patient}\n\n{observation}\n")
    assert sandbox.load(path) == 2
    assert fhir.ids("Observation?patient=p1") == ["o1"]
    assert '"valueDecimal":6.50}' in fhir.get("Observation/o1").text


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction"])
def test_a_bundle_of_any_type_is_loaded(sandbox, fhir, write, make, kind):
    request = {"method": "PUT", "url": "Patient/p1"}
    path = write("b.json", bundle({"resource": make.patient("p1"), "request": request}, kind=kind))
    assert sandbox.load(path) == 1
    assert fhir.ids("Patient") == ["p1"]


def test_a_single_resource_is_loaded(sandbox, fhir, write, make):
    assert sandbox.load(write("p1.json", make.patient("p1"))) == 1
    assert fhir.ids("Patient") == ["p1"]


def test_a_full_url_gives_the_id_and_resolves_references(sandbox, fhir, write, make):
    observation = make.observation("o1") | {"subject": {"reference": URN}}
    patient = {"fullUrl": URN, "resource": {"resourceType": "Patient"}}
    sandbox.load(write("b.json", bundle({"resource": observation}, patient)))
    key = URN.removeprefix("urn:uuid:")
    assert fhir.ids("Patient") == [key]
    assert fhir.get("Observation/o1").json()["subject"]["reference"] == f"Patient/{key}"


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (("a.ndjson", '{"resourceType": "Patient", "id": "x"}\n{"Canary'), "a.ndjson, line 2"),
        (("a.ndjson", '\n{"resourceType": "Canary"}'), "a.ndjson, line 2"),
        (("a.ndjson", '"Canary"'), "a.ndjson, line 1"),
        (("a.ndjson", '{"resourceType": "Patient", "id": "Canary_"}'), "a.ndjson, line 1"),
        (("a.json", '{"resourceType":\n\n"Canary'), "a.json, line 3"),
        (("a.json", bundle({"resource": {"resourceType": "Canary"}})), "a.json, entry 0"),
        (("a.json", bundle({"fullUrl": "Canary"})), "a.json, entry 0"),
        (("a.json", {"resourceType": "Bundle", "entry": "Canary"}), "a.json"),
        (
            (
                "a.ndjson",
                '{"resourceType": "Group", "managingEntity": {"reference": "Patient/Canary"}}',
            ),
            "a.ndjson, line 1",
        ),
        (("a.ndjson", '{"resourceType": "Patient", "x": "Canary\\ud800"}'), "a.ndjson, line 1"),
    ],
)
def test_an_error_names_the_place_and_not_the_content(sandbox, fhir, write, file, place):
    with pytest.raises(AbateError) as caught:
        sandbox.load(write(*file))
    assert place in str(caught.value)
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert fhir.ids("Patient") == []


def test_a_missing_file_is_named(sandbox, tmp_path):
    with pytest.raises(AbateError, match=r"none\.json cannot be read"):
        sandbox.load(tmp_path / "none.json")


def test_parts_can_be_loaded_without_referential_integrity(serve, write, make):
    sandbox = Sandbox(referential_integrity=False)
    sandbox.load(write("Observation.ndjson", json.dumps(make.observation("o1"))))
    with serve(sandbox) as fhir:
        assert fhir.ids("Observation?patient=p1") == ["o1"]
        assert fhir.put("Observation/o2", make.observation("o2")).status_code == 201
