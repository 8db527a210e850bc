"""FHIR resources of a small study, each with what the study needs and what a test adds.

An element of which the value is None is left out.
"""

LOINC = "http://loinc.org"
PAIN = "72514-3"


def coded(code, system="urn:s"):
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def subject(patient):
    """A reference to a Patient by its id."""
    return {"reference": f"Patient/{patient}"}


def patient(identifier, *, replaced_by=None, replaces=None, **more):
    """A woman; with links to the records that she was merged with, if they are given."""
    links = [
        {"other": subject(other), "type": kind}
        for kind, other in (("replaced-by", replaced_by), ("replaces", replaces))
        if other
    ]
    link = {"link": links} if links else {}
    return _with(more, resourceType="Patient", id=identifier, gender="female", **link)


def procedure(identifier, owner, code="treat", **more):
    """A completed index procedure on 2026-01-10."""
    return _with(
        more, resourceType="Procedure", id=identifier, status="completed", code=_concept(code),
        subject=subject(owner), performedDateTime="2026-01-10",
    )  # fmt: skip


def condition(identifier, owner, code="tumour", **more):
    """A primary tumour."""
    return _with(
        more, resourceType="Condition", id=identifier, code=_concept(code), subject=subject(owner)
    )


def score(identifier, owner="a", value=5, code=PAIN, **more):
    """A final pain score on 2026-01-17, a week after the procedure."""
    return _with(
        more, resourceType="Observation", id=identifier, status="final",
        code=_concept(code, LOINC), subject=subject(owner), effectiveDateTime="2026-01-17",
        valueInteger=value,
    )  # fmt: skip


def _concept(code, system="urn:s"):
    """A CodeableConcept as it is, or of a code of the system that is usual."""
    return code if isinstance(code, dict) else coded(code, system)


def _with(more, **usual):
    return {name: content for name, content in (usual | more).items() if content is not None}
