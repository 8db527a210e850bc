"""The rules of R4, broken one at a time."""

import importlib
import inspect

import pytest

from abate.report.fhir.bindings import R4, R5
from abate.report.fhir.validation import faults


def observation(**elements):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "pain"},
        "subject": {"reference": "Patient/P01"},
    } | elements


def group(**member):
    entity = {"entity": member}
    return {"resourceType": "Group", "type": "person", "actual": True, "member": [entity]}


def condition(**elements):
    subject = {"reference": "Patient/P01"}
    return {"resourceType": "Condition", "subject": subject} | elements


OBSERVATION_STATUS = (
    "registered, preliminary, final, amended, corrected, cancelled, entered-in-error, unknown"
)
CLINICAL_STATUS = (
    "active, recurrence, relapse, inactive, remission, resolved "
    "of http://terminology.hl7.org/CodeSystem/condition-clinical"
)
GROUP_MEMBERS = "Patient, Practitioner, PractitionerRole, Device, Medication, Substance, Group"

BROKEN = {
    "a code that is not in the required binding": (
        observation(status="bogus"),
        "Observation.status: must be one of " + OBSERVATION_STATUS,
    ),
    "a code of a required binding in a data type": (
        observation(valueQuantity={"value": 3, "comparator": "about"}),
        "Observation.valueQuantity.comparator: must be one of <, <=, >=, >",
    ),
    "a concept of a required binding": (
        condition(clinicalStatus={"coding": [{"code": "active"}]}),
        "Condition.clinicalStatus: must have one of " + CLINICAL_STATUS,
    ),
    "an Observation about a Procedure": (
        observation(subject={"reference": "Procedure/1"}),
        "Observation.subject.reference: must point to Patient, Group, Device, Location",
    ),
    "an Observation about a Procedure on another server": (
        observation(subject={"reference": "https://fhir.test/r4/Procedure/1/_history/2"}),
        "Observation.subject.reference: must point to Patient, Group, Device, Location",
    ),
    "an Observation about a Procedure, known by its identifier": (
        observation(subject={"type": "Procedure", "identifier": {"value": "1"}}),
        "Observation.subject.type: must point to Patient, Group, Device, Location",
    ),
    "a DiagnosticReport about a Procedure": (
        observation(resourceType="DiagnosticReport", subject={"reference": "Procedure/1"}),
        "DiagnosticReport.subject.reference: must point to Patient, Group, Device, Location",
    ),
    "a Group of a RelatedPerson": (
        group(reference="RelatedPerson/1"),
        "Group.member[0].entity.reference: must point to " + GROUP_MEMBERS,
    ),
    "a reference to what is no resource": (
        observation(focus=[{"reference": "Patient/1"}, {"reference": "Lesion/1"}]),
        "Observation.focus[1].reference: must point to any R4 resource",
    ),
    "a reference to a resource that only R4B has": (
        observation(focus=[{"reference": "Ingredient/1"}]),
        "Observation.focus[0].reference: must point to any R4 resource",
    ),
    "a reference that is none": (
        observation(encounter={"reference": "the second one"}),
        "Observation.encounter.reference: must be 'Type/id', '#id' or an absolute URL",
    ),
    "an id of 65 characters": (
        observation(id="a" * 65),
        "Observation.id: must be 1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'",
    ),
    "an id with a line break": (
        observation(id="a\n"),
        "Observation.id: has a character that is not allowed",
    ),
    "an id with an underscore": (
        observation(id="a_b"),
        "Observation.id: has a character that is not allowed",
    ),
    "an unknown element": (
        observation(bodySites={"text": "pelvis"}),
        "Observation.bodySites: R4 has no such element",
    ),
    "an unknown element of a contained resource": (
        observation(contained=[{"resourceType": "Patient", "id": "p", "sex": "male"}]),
        "Observation.contained[0].sex: R4 has no such element",
    ),
    "a required element that is missing": (
        {"resourceType": "Observation", "code": {"text": "pain"}},
        "Observation.status: is required",
    ),
    "two values": (
        observation(valueInteger=7, valueString="seven"),
        "Observation.value[x]: must be given once, in one type",
    ),
    "two values of a component": (
        observation(component=[{"code": {"text": "x"}, "valueInteger": 7, "valueString": "7"}]),
        "Observation.component[0].value[x]: must be given once, in one type",
    ),
    "a time without seconds": (
        observation(effectiveDateTime="2010-01-05T07:30+08:00"),
        "Observation.effectiveDateTime: has the wrong shape (value_error)",
    ),
    "a time without a zone": (
        observation(effectivePeriod={"start": "2010-01-05T07:30:00"}),
        "Observation.effectivePeriod.start: has the wrong shape (value_error)",
    ),
    "a number as text": (
        observation(valueQuantity={"value": "7"}),
        "Observation.valueQuantity.value: has the wrong JSON type",
    ),
    "a yes that is no boolean": (
        observation(valueBoolean="yes"),
        "Observation.valueBoolean: has the wrong JSON type",
    ),
    "a boolean for an integer": (
        observation(valueInteger=True),
        "Observation.valueInteger: has the wrong JSON type",
    ),
    "an object as text": (
        observation(code='{"text": "pain"}'),
        "Observation.code: must be an object with content",
    ),
    "a contained resource of no type": (
        observation(contained=[{"resourceType": "Lesion", "id": "l"}]),
        "Observation: holds a resource of a type that R4 does not have",
    ),
    "a contained resource whose type is a number": (
        observation(contained=[{"resourceType": 5}]),
        "Observation: holds a resource of a type that R4 does not have",
    ),
    "a reference as text": (
        observation(subject='{"reference": "Patient/P01"}'),
        "Observation.subject: must be an object with content",
    ),
    "an empty object": (
        observation(bodySite={}),
        "Observation.bodySite: must be an object with content",
    ),
    "an empty list": (observation(note=[]), "Observation.note: has the wrong JSON type"),
    "a null": (observation(bodySite=None), "Observation.bodySite: must not be null"),
    "a data type that only R4B has": (
        observation(
            extension=[{"url": "urn:x", "valueCodeableReference": {"concept": {"text": "x"}}}]
        ),
        "Observation.extension[0].valueCodeableReference: R4 has no such type",
    ),
    "a resource that only R4B has": (
        {"resourceType": "Ingredient", "status": "active"},
        "resourceType: must be an R4 resource type",
    ),
    "a data type in the place of a resource": (
        {"resourceType": "HumanName", "family": "Test"},
        "resourceType: must be an R4 resource type",
    ),
    "no type at all": ({"status": "final"}, "resourceType: must be an R4 resource type"),
}


@pytest.mark.parametrize(("resource", "fault"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_named_with_its_path(resource, fault):
    assert faults(resource) == [fault]


def test_a_resource_in_a_bundle_is_checked_in_its_place():
    entry = {
        "resource": observation(status="bogus"),
        "request": {"method": "PUT", "url": "Observation/1"},
    }
    [fault] = faults({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert fault.startswith("Bundle.entry[0].resource.status: must be one of")


def test_all_faults_of_a_resource_are_told_at_once():
    found = faults(observation(status="bogus", subject={"reference": "Procedure/1"}))
    assert [fault.partition(":")[0] for fault in found] == [
        "Observation.status",
        "Observation.subject.reference",
    ]


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "canary"},
        {"id": "canary" * 20},
        {"id": "canary_"},
        {"code": "canary"},
        {"issued": "canary"},
        {"effectiveDateTime": "canary"},
        {"valueInteger": "canary"},
        {"valueInteger": 7, "valueString": "canary"},
        {"value": "canary"},
        {"resourceType": "canary"},
        {"subject": {"reference": "canary"}},
        {"subject": {"reference": "Canary/canary"}},
        {"subject": {"reference": "Procedure/canary"}},
        {"subject": {"type": "canary", "display": "canary"}},
        {"contained": [{"resourceType": "canary"}]},
        {"contained": ["canary"]},
        {"note": "canary"},
        {"valueQuantity": {"comparator": "canary"}},
    ],
)
def test_a_fault_repeats_no_value_of_the_resource(elements):
    found = faults(observation(**elements))
    assert found
    assert "canary" not in "".join(found).lower()


@pytest.mark.parametrize(
    "elements",
    [
        {"effectiveDateTime": "2010-01-05T07:30:00+08:00"},
        {"effectiveDateTime": "2010-01"},
        {"issued": "2010-01-05T07:30:00.250Z"},
        {"id": "a" * 64},
        {"status": "entered-in-error"},
        {"subject": {"reference": "urn:uuid:2d4e4b1c-6d6e-4d5b-8c6e-3b8f0f6b7a11"}},
        {"subject": {"reference": "Group/1/_history/2"}},
        {"subject": {"reference": "https://fhir.test/r4/Patient/1"}},
        {"subject": {"reference": "#p"}, "contained": [{"resourceType": "Patient", "id": "p"}]},
        {"subject": {"type": "Patient", "identifier": {"value": "1"}}},
        {"focus": [{"reference": "BodyStructure/1"}], "valueQuantity": {"value": 6.50}},
        {"_status": {"id": "s"}, "valueInteger": 0, "bodySite": {"id": "element_id"}},
    ],
)
def test_what_r4_allows_has_no_fault(elements):
    assert faults(observation(**elements)) == []


@pytest.mark.parametrize(
    "module",
    [
        *("condition", "diagnosticreport", "encounter", "group", "list", "measure"),
        *("measurereport", "observation", "patient", "procedure", "provenance", "codesystem"),
    ],
)
@pytest.mark.parametrize(("package", "edition"), [("R4B.", R4), ("", R5)], ids=["R4", "R5"])
def test_every_list_of_codes_of_the_types_that_abate_writes_is_whole(module, package, edition):
    models = importlib.import_module(f"fhir.resources.{package}{module}")
    cut_short = {
        f"{name}.{field.alias}"
        for name, model in inspect.getmembers(models, inspect.isclass)
        if model.__module__ == models.__name__
        for field in model.model_fields.values()
        if "+" in (field.json_schema_extra or {}).get("enum_values", ())
    }
    assert cut_short <= set(edition.codes)


def test_what_r4_narrows_is_wider_in_the_models():
    for name, targets in R4.targets.items():
        kind, _, element = name.partition(".")
        module = "group" if kind == "GroupMember" else kind.lower()
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{module}"), kind)
        allowed = model.model_fields[element].json_schema_extra["enum_reference_types"]
        assert set(targets) < set(allowed)


class TestR5:
    """The root models of fhir.resources are R5."""

    def test_what_only_r5_has_is_a_fault_in_r4_and_none_in_r5(self):
        given = {"resourceType": "Group", "type": "person", "membership": "enumerated"}
        assert faults(given, "R5") == []
        assert faults(given) == ["Group.membership: R4 has no such element"]

    def test_what_only_r4_has_is_a_fault_in_r5(self):
        given = {"resourceType": "Group", "type": "person", "actual": True}
        assert "Group.actual: R5 has no such element" in faults(given, "R5")

    def test_a_code_that_is_not_in_the_required_binding_is_named(self):
        assert faults(observation(status="bogus"), "R5") == [
            "Observation.status: must be one of " + OBSERVATION_STATUS
        ]

    def test_a_concept_of_a_required_binding_is_named(self):
        given = {"resourceType": "Measure", "status": "draft", "improvementNotation": {"text": "x"}}
        [fault] = faults(given, "R5")
        assert fault.startswith("Measure.improvementNotation: must have one of increase, decrease")

    def test_an_observation_may_be_about_a_procedure_and_not_about_a_claim(self):
        assert faults(observation(subject={"reference": "Procedure/1"}), "R5") == []
        [fault] = faults(observation(subject={"reference": "Claim/1"}), "R5")
        assert fault.startswith("Observation.subject.reference: must point to Patient, Group")

    def test_a_type_that_only_r5_has_is_one(self):
        assert faults({"resourceType": "Ingredient"}) == [
            "resourceType: must be an R4 resource type"
        ]
        assert "resourceType: must be an R5 resource type" not in faults(
            {"resourceType": "Ingredient"}, "R5"
        )


def test_a_number_of_more_than_17_decimal_places_is_a_fault():
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "p"},
        "valueQuantity": {"value": 0.0025285785444617848},
    }
    words = "Observation.valueQuantity.value: must have at most 17 decimal places"
    assert faults(resource) == faults(resource, "R5") == [words]
    assert faults(resource | {"valueQuantity": {"value": 2.5285785444618e-09}}) == []
