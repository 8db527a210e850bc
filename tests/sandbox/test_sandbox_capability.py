"""The CapabilityStatement says what is true."""

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement


@pytest.fixture
def statement(fhir):
    return fhir.get("metadata").json()


def test_it_is_valid(fhir):
    CapabilityStatement.model_validate_json(fhir.get("metadata").content)


def test_it_is_of_a_running_r4_server_with_transactions(fhir, statement):
    assert (statement["fhirVersion"], statement["kind"]) == ("4.0.1", "instance")
    assert statement["implementation"]["url"] == fhir.base
    assert statement["rest"][0]["interaction"] == [
        {"code": "transaction"},
        {"code": "batch"},
    ]


def test_every_parameter_that_it_names_is_understood(fhir, statement):
    values = {"token": "a|b", "reference": "Patient/a", "date": "ge2026", "uri": "urn:a"}
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            search = f"{resource['type']}?{parameter['name']}={values[parameter['type']]}"
            response = fhir.get(search, headers={"Prefer": "handling=strict"})
            assert (search, response.status_code) == (search, 200)


def test_every_type_that_it_names_can_be_written_and_read(fhir, statement):
    for resource in statement["rest"][0]["resource"]:
        resource_type = resource["type"]
        assert resource["updateCreate"]
        url = f"{resource_type}/a"
        written = fhir.put(url, {"resourceType": resource_type, "id": "a"})
        assert (url, written.status_code) == (url, 201)
        assert fhir.ids(resource_type) == ["a"]


def test_it_holds_the_types_that_a_study_and_its_report_need(statement):
    assert [resource["type"] for resource in statement["rest"][0]["resource"]] == [
        "CodeSystem",
        "Condition",
        "DiagnosticReport",
        "Encounter",
        "Group",
        "List",
        "Measure",
        "MeasureReport",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "Procedure",
        "Provenance",
    ]
