"""Rules of FHIR R4 and R5 that the models of fhir.resources do not have.

Its models shorten the codes of extensible lists to "+", have no required bindings of
CodeableConcepts, and its R4B allows reference targets that R4 does not (fhir.resources 8.3,
2026-12).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import fhir.resources
from fhir.resources import R4B
from pydantic import BaseModel

from abate.report.fhir.elements import TERMINOLOGY, Version

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The rules of one version of FHIR.

    Attributes:
        name: R4 or R5.
        model: the model of a type, by its name.
        codes: the codes of required bindings, by `Type.element`.
        concepts: the system and codes of required bindings of CodeableConcepts.
        targets: the types that a reference may point to, where the models allow more.
        absent: types that the models have and this version does not.
    """

    name: Version
    model: Callable[[str], type[BaseModel]]
    codes: Mapping[str, Codes]
    concepts: Mapping[str, tuple[str, Codes]]
    targets: Mapping[str, Codes] = field(default_factory=dict)
    absent: Codes = ()


def _words(text: str) -> Codes:
    return tuple(text.split())


_OBSERVATION_STATUS = _words(
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
_IMPROVEMENT = (f"{TERMINOLOGY}/measure-improvement-notation", _words("increase decrease"))
_CLINICAL = (
    f"{TERMINOLOGY}/condition-clinical",
    _words("active recurrence relapse inactive remission resolved"),
)
_VERIFICATION = (
    f"{TERMINOLOGY}/condition-ver-status",
    _words("unconfirmed provisional differential confirmed refuted entered-in-error"),
)
_CONCEPTS = {
    "Condition.clinicalStatus": _CLINICAL,
    "Condition.verificationStatus": _VERIFICATION,
    "Measure.improvementNotation": _IMPROVEMENT,
    "MeasureReport.improvementNotation": _IMPROVEMENT,
}
_R4_ENCOUNTER = _words(
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
)

# https://hl7.org/fhir/R4/terminologies.html and the pages of the types. The differences of R4B:
# https://hl7.org/fhir/R4B/history.html
R4 = Edition(
    name="R4",
    model=R4B.get_fhir_model_class,
    codes={
        "DiagnosticReport.status": _words(
            "registered partial preliminary final amended corrected appended cancelled "
            "entered-in-error unknown"
        ),
        "Encounter.status": _R4_ENCOUNTER,
        "EncounterStatusHistory.status": _R4_ENCOUNTER,
        "Observation.status": _OBSERVATION_STATUS,
        "Quantity.comparator": _words("< <= >= >"),
    },
    concepts=_CONCEPTS,
    targets={
        "DiagnosticReport.subject": _words("Patient Group Device Location"),
        "GroupMember.entity": _words(
            "Patient Practitioner PractitionerRole Device Medication Substance Group"
        ),
        "Observation.subject": _words("Patient Group Device Location"),
    },
    absent=_words(
        "AdministrableProductDefinition Citation ClinicalUseDefinition CodeableReference "
        "EvidenceReport Ingredient ManufacturedItemDefinition MedicinalProductDefinition "
        "NutritionProduct PackagedProductDefinition RatioRange RegulatedAuthorization "
        "SubscriptionStatus SubscriptionTopic SubstanceDefinition"
    ),
)

# https://hl7.org/fhir/R5/terminologies.html: `registered` has narrower codes only in R6.
R5 = Edition(
    name="R5",
    model=fhir.resources.get_fhir_model_class,
    codes={
        "Observation.status": _OBSERVATION_STATUS,
        "Quantity.comparator": _words("< <= >= > ad"),
    },
    concepts={
        **_CONCEPTS,
        "MeasureGroup.improvementNotation": _IMPROVEMENT,
        "MeasureReportGroup.improvementNotation": _IMPROVEMENT,
    },
)

EDITIONS: Mapping[Version, Edition] = {"R4": R4, "R5": R5}
