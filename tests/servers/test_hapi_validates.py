"""What a real server's $validate says of resources like those that abate writes."""

import uuid

import pytest

pytestmark = pytest.mark.server

DIGEST = "https://abate.example/fhir/StructureDefinition/content-digest"
STATISTICS = "https://abate.example/fhir/CodeSystem/statistic"
NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Mean change</p></div>'


def statistic(**elements):
    """A statistic of a group that the validator has nothing to say of; None leaves one out."""
    resource = {
        "resourceType": "Observation",
        "id": str(uuid.uuid4()),
        "text": {"status": "generated", "div": NARRATIVE},
        "status": "preliminary",
        "code": {"text": "Mean change"},
        "subject": {"reference": "Group/patients"},
        "effectiveDateTime": "2026-01-01",
        "performer": [{"display": "abate"}],
        "component": [
            {"code": {"text": "lower"}, "valueQuantity": {"value": -2.5}},
            {"code": {"text": "upper"}, "valueQuantity": {"value": 1.25}},
        ],
        **elements,
    }
    return {name: value for name, value in resource.items() if value is not None}


def coded(system, code):
    return statistic(code={"coding": [{"system": system, "code": code}]})


def code_system():
    """A code system of its own, with the one code `mean`."""
    name = str(uuid.uuid4())
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": f"{STATISTICS}/{name}",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "mean", "display": "Mean"}],
    }


def verdict(server, resource):
    """The severities that the validator gives, and all that it says."""
    answer = server.validate(resource)
    assert answer.status_code == 200
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    severities = {issue["severity"] for issue in outcome["issue"]}
    return severities, " ".join(issue["diagnostics"] for issue in outcome["issue"])


def test_a_statistic_of_a_group_is_without_complaint(server):
    assert verdict(server, statistic()) == ({"information"}, "No issues detected during validation")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"status": None}, "Observation.status: minimum required = 1"),
        ({"code": {"text": 7}}, "the primitive value must be a string"),
        ({"score": 7}, "Unrecognized property 'score'"),
    ],
)
def test_a_wrong_one_is_an_error_under_http_200(server, wrong, said):
    severities, text = verdict(server, statistic(**wrong))
    assert "error" in severities
    assert said in text


def test_an_unknown_status_code_is_http_400(server):
    answer = server.validate(statistic(status="done"))
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["severity"] == "error"


def test_a_subject_of_a_forbidden_type_passes_and_is_refused_when_stored(server):
    patient = {"resourceType": "Patient", "id": str(uuid.uuid4())}
    procedure = {
        "resourceType": "Procedure",
        "id": str(uuid.uuid4()),
        "status": "completed",
        "subject": {"reference": f"Patient/{patient['id']}"},
    }
    server.transact(patient, procedure).raise_for_status()
    wrong = statistic(subject={"reference": f"Procedure/{procedure['id']}"})
    assert verdict(server, wrong)[0] == {"information"}
    assert server.put(wrong).status_code == 422


def test_a_subject_that_does_not_exist_passes_and_is_refused_when_stored(server):
    orphan = statistic(subject={"reference": f"Group/{uuid.uuid4()}"})
    assert verdict(server, orphan)[0] == {"information"}
    assert server.put(orphan).status_code == 400


def test_an_extension_of_our_own_comes_back_as_sent(server):
    extension = {"url": DIGEST, "valueString": "sha-256:0aF+/=  ä%20\u2014"}
    group = {
        "resourceType": "Group",
        "id": str(uuid.uuid4()),
        "type": "person",
        "actual": True,
        "extension": [extension],
    }
    server.put(group).raise_for_status()
    assert server.read(group).json()["extension"] == [extension]
    measured = statistic(extension=[extension], subject={"reference": f"Group/{group['id']}"})
    server.put(measured).raise_for_status()
    assert server.read(measured).json()["extension"] == [extension]


@pytest.mark.parametrize("element", ["extension", "modifierExtension"])
def test_an_unknown_extension_is_information(server, element):
    severities, text = verdict(
        server, statistic(**{element: [{"url": DIGEST, "valueString": "0a"}]})
    )
    assert severities == {"information"}
    assert f"Unknown extension {DIGEST}" in text


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("performer", "should have a performer"),
        ("effectiveDateTime", "should have an effective[x]"),
        ("text", "should have narrative"),
    ],
)
def test_a_missing_performer_time_or_narrative_is_a_warning(server, missing, said):
    severities, text = verdict(server, statistic(**{missing: None}))
    assert severities == {"warning"}
    assert said in text


def test_a_unit_in_braces_is_a_warning(server):
    value = {"value": 1, "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"}
    severities, text = verdict(server, statistic(component=None, valueQuantity=value))
    assert severities == {"warning"}
    assert "annotations like {score}" in text


def test_an_unknown_code_system_is_a_warning(server):
    severities, text = verdict(server, coded(code_system()["url"], "mean"))
    assert severities == {"warning"}
    assert "CodeSystem is unknown" in text


@pytest.mark.parametrize(("code", "severity"), [("mean", "information"), ("men", "warning")])
def test_a_code_is_looked_up_in_a_published_code_system(server, code, severity):
    system = code_system()
    server.put(system).raise_for_status()
    assert verdict(server, coded(system["url"], code))[0] == {severity}


def test_a_code_system_published_after_a_validation_stays_unknown(server):
    # HAPI 8.8.0 remembers the first answer for minutes: publish first, then validate.
    system = code_system()
    assert verdict(server, coded(system["url"], "mean"))[0] == {"warning"}
    server.put(system).raise_for_status()
    assert verdict(server, coded(system["url"], "mean"))[0] == {"warning"}
