"""A made study of any size, as a server would send it: the same resources each time.

30 of 100 Observations are pain scores, in the shapes that servers send; the others are vital signs
and laboratory values, with the narrative and the profile that servers add: 600 to 1200 bytes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, TextIO

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
HONG_KONG = timezone(timedelta(hours=8))
PROCEDURES, OBSERVATIONS = 30_000, 1_000_000
DAYS = (-3, -1, -1, 0, 1, 1, 7, 8, 14, 28, 30, 60, 90, 120, 200)
SITES = ("37783008", "22356005", "85710004", "79601000", "118645006", "56094003", "61032001")
ANSWERS = (
    "LA6111-4", "LA6112-2", "LA6113-0", "LA6114-8", "LA6115-5", "LA10137-0", "LA10138-8",
    "LA10139-6", "LA10140-4", "LA10141-2", "LA13942-0",
)  # fmt: skip
OTHERS = (
    ("8867-4", "Heart rate", "/min", "beats/minute", "vital-signs", 50, 120),
    ("8480-6", "Systolic blood pressure", "mm[Hg]", "mmHg", "vital-signs", 90, 180),
    ("8310-5", "Body temperature", "Cel", "degrees C", "vital-signs", 35, 40),
    ("59408-5", "Oxygen saturation", "%", "%", "vital-signs", 85, 100),
    ("29463-7", "Body weight", "kg", "kg", "vital-signs", 40, 110),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", "g/dL", "laboratory", 7, 17),
    ("2160-0", "Creatinine [Mass/volume] in Serum", "mg/dL", "mg/dL", "laboratory", 0, 4),
    ("17861-6", "Calcium [Mass/volume] in Serum", "mg/dL", "mg/dL", "laboratory", 7, 13),
)

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An index procedure, and what its scores may name."""

    patient: str
    procedure: str
    encounter: str
    start: datetime
    site: str


def write(folder: Path, observations: int = OBSERVATIONS, procedures: int = PROCEDURES) -> None:
    """Write Patient, Procedure and Observation files into `folder`, one resource a line."""
    random = Random(20260101)
    cases = list(_cases(procedures, random))
    _lines(folder / "Patient.ndjson", (_patient(p, random) for p in _patients(cases)))
    _lines(folder / "Procedure.ndjson", map(_procedure, cases))
    _lines(folder / "Observation.ndjson", islice(_observations(cases, random), observations))
    _lines(folder / "Condition.ndjson", iter(()))


def _cases(procedures: int, random: Random) -> Iterator[Case]:
    """One in fifteen patients has a second procedure."""
    for number in range(procedures):
        patient = number - 1 if number % 15 == 14 else number
        yield Case(
            patient=f"patient-{patient:08}",
            procedure=f"procedure-{number:08}",
            encounter=f"encounter-{number:08}",
            start=datetime(2018, 1, 1, 9, tzinfo=HONG_KONG)
            + timedelta(days=random.randrange(2000), minutes=random.randrange(480)),
            site=random.choice(SITES),
        )


def _patients(cases: list[Case]) -> list[str]:
    return list(dict.fromkeys(case.patient for case in cases))


def _patient(identifier: str, random: Random) -> Resource:
    dead = {"deceasedDateTime": f"{random.randrange(2021, 2026)}-06-01"}
    return {
        "resourceType": "Patient",
        "id": identifier,
        "meta": _meta(random),
        "gender": random.choice(("female", "male")),
        "birthDate": f"{random.randrange(1930, 1990)}-{random.randrange(1, 13):02}-15",
        **(dead if random.random() < 0.3 else {}),
    }


def _procedure(case: Case) -> Resource:
    return {
        "resourceType": "Procedure",
        "id": case.procedure,
        "status": "completed",
        "code": _concept("http://www.ama-assn.org/go/cpt", "22510"),
        "subject": {"reference": f"Patient/{case.patient}"},
        "encounter": {"reference": f"Encounter/{case.encounter}"},
        "performedPeriod": {
            "start": case.start.isoformat(),
            "end": (case.start + timedelta(hours=1)).isoformat(),
        },
        "bodySite": [_concept(SNOMED, case.site)],
    }


def _observations(cases: list[Case], random: Random) -> Iterator[Resource]:
    number = 0
    while True:
        for case in cases:
            kind = _score if random.random() < 0.3 else _other
            yield _common(number, case, random) | kind(case, random)
            number += 1


def _common(number: int, case: Case, random: Random) -> Resource:
    moment = case.start + timedelta(days=random.choice(DAYS), minutes=random.randrange(-400, 400))
    return {
        "resourceType": "Observation",
        "id": f"{random.getrandbits(64):016x}-{number:08}",
        "meta": _meta(random),
        "status": "final",
        "subject": {"reference": f"Patient/{case.patient}"},
        "encounter": {"reference": f"Encounter/{case.encounter}"},
        "effectiveDateTime": moment.isoformat(),
        "issued": moment.astimezone(UTC).isoformat(timespec="milliseconds"),
        "performer": [{"reference": f"Practitioner/{random.randrange(400)}"}],
    } | ({"text": _narrative(moment)} if number % 2 else {})


def _narrative(moment: datetime) -> Resource:
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{moment:%d %B %Y, %H:%M}</p></div>',
    }


def _other(_: Case, random: Random) -> Resource:
    code, name, unit, words, category, low, high = random.choice(OTHERS)
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "category": [_concept(system, category, category.title())],
        "code": _concept(LOINC, code, name) | {"text": name},
        "valueQuantity": _quantity(round(random.uniform(low, high), 1), unit) | {"unit": words},
        "referenceRange": [{"low": _quantity(low, unit), "high": _quantity(high, unit)}],
    }


def _score(case: Case, random: Random) -> Resource:
    shape = random.choices(tuple(SHAPES), tuple(weight for _, weight in SHAPES.values()))[0]
    link = random.choices(tuple(LINKS), tuple(weight for _, weight in LINKS.values()))[0]
    return SHAPES[shape][0](random) | LINKS[link][0](case) | _words()


def _words() -> Resource:
    survey = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {"category": [_concept(survey, "survey", "Survey")]}


def _in_points(random: Random) -> Resource:
    value = _quantity(random.randrange(11), "{score}")
    return {"code": _concept(LOINC, "72514-3", "Pain severity"), "valueQuantity": value}


def _in_millimetres(random: Random) -> Resource:
    value = _quantity(random.randrange(101), "mm")
    return {"code": _concept(LOINC, "38214-3", "Pain severity, VAS"), "valueQuantity": value}


def _whole(random: Random) -> Resource:
    return {"code": _concept(LOINC, "72514-3"), "valueInteger": random.randrange(11)}


def _answered(random: Random) -> Resource:
    answer = _concept(LOINC, random.choice(ANSWERS))
    return {"code": _concept(LOINC, "72514-3"), "valueCodeableConcept": answer}


def _absent(_: Random) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    return {"code": _concept(LOINC, "72514-3"), "dataAbsentReason": _concept(system, "unknown")}


def _taken_back(random: Random) -> Resource:
    return _in_points(random) | {"status": "entered-in-error"}


def _without_a_scale(random: Random) -> Resource:
    return {"code": _concept(LOINC, "38208-5"), "valueInteger": random.randrange(11)}


SHAPES: Mapping[str, tuple[Callable[[Random], Resource], int]] = {
    "points": (_in_points, 50),
    "millimetres": (_in_millimetres, 15),
    "integer": (_whole, 15),
    "answer": (_answered, 13),
    "absent": (_absent, 3),
    "taken back": (_taken_back, 2),
    "no scale": (_without_a_scale, 2),
}
LINKS: Mapping[str, tuple[Callable[[Case], Resource], int]] = {
    "time": (lambda _: {}, 50),
    "focus": (lambda case: {"focus": [{"reference": f"Procedure/{case.procedure}"}]}, 20),
    "part": (lambda case: {"partOf": [{"reference": f"Procedure/{case.procedure}"}]}, 10),
    "site": (lambda case: {"bodySite": _concept(SNOMED, case.site)}, 20),
}


def _meta(random: Random) -> Resource:
    return {
        "versionId": str(random.randrange(1, 4)),
        "lastUpdated": f"2026-0{random.randrange(1, 10)}-11T08:15:30.{random.randrange(1000):03}Z",
        "source": f"#{random.getrandbits(60):016x}",
        "profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"],
    }


def _concept(system: str, code: str, display: str | None = None) -> Resource:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _lines(path: Path, resources: Iterator[Resource]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for resource in resources:
            _write_line(file, resource)


def _write_line(file: TextIO, resource: Resource) -> None:
    file.write(json.dumps(resource, separators=(",", ":")))
    file.write("\n")
