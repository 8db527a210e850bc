"""Write the published study as FHIR R4: `bundle.json`, from the paper's two tables.

Say `python examples/cementoplasty/make_bundle.py`: it also copies the study to the demo that
ships with abate. Each run writes the same bytes. README.md tells what is the paper's and what
is made up; `concepts.toml` holds the codes.
"""

import csv
import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "adapter" / "abate" / "demo"
ZONE = ZoneInfo("Asia/Hong_Kong")

IDENTIFIER = "urn:oid:2.25.189299135724624095390856893457610497238.15"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
CONCEPTS = tomllib.loads((HERE / "concepts.toml").read_text("utf-8"))

VISIT_DAYS = {"D0": 0, "D1": 1, "D2": 2, "Wk1": 7, "Wk2": 14, "Wk3": 21} | {
    f"M{month}": 28 * month for month in range(1, 10)
}
# How a score says which lesion it belongs to. Only days 0 and 1 know an encounter.
WAYS = ("focus-procedure", "focus-condition", "part-of", "body-site", "site-group", "time")

PARTS_OF_THE_PELVIS = ("acetabulum", "ischium", "pubic ramus")
PARALYSED = 5  # the lesion after whose treatment the left leg stayed paralysed
WITHOUT_RADIOTHERAPY = ("P08", "P12")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A treated lesion: a row of the paper's first table, with its scores of the second."""

    number: int
    patient: str
    sex: str
    age: int
    primary: str
    site: str
    site_group: str
    ablated: bool
    day: date
    scores: dict[str, int]

    @property
    def id(self) -> str:
        """What the ids of this lesion's resources begin with."""
        return f"lesion-{self.number:02}"


def read_lesions() -> list[Lesion]:
    """The lesions of the two tables, then the excluded ones, in the order of their dates."""
    scores = {row["lesion"]: row for row in rows("table2_pain_scores.csv")}
    analysed = [row | scores[row["lesion"]] for row in rows("table1_lesions.csv")]
    lesions = analysed + rows("excluded_lesions.csv")
    days = index_days([row["procedure_month"] for row in lesions])
    return [lesion_of(row, day) for row, day in zip(lesions, days, strict=True)]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table in this folder."""
    with (HERE / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def index_days(months: list[str]) -> list[date]:
    """The day of each lesion's procedure: the n-th lesion of a month has its n-th Tuesday."""
    days: list[date] = []
    for month in months:
        first = date.fromisoformat(f"{month}-01")
        tuesday = first + timedelta(days=(1 - first.weekday()) % 7)
        while tuesday in days:
            tuesday += timedelta(days=7)
        days.append(tuesday)
    return days


def lesion_of(row: dict[str, str], day: date) -> Lesion:
    """A lesion from a row of the tables; an empty score is not documented."""
    return Lesion(
        number=int(row["lesion"]),
        patient=row["patient"],
        sex={"F": "female", "M": "male"}[row["sex"]],
        age=int(row["age_years"]),
        primary=row["primary_site"],
        site="first lumbar vertebra (L1)"
        if int(row["lesion"]) == PARALYSED
        else row["lesion_site"],
        site_group=row["lesion_site_group"],
        ablated=row["rfa_before_cementoplasty"] == "yes",
        day=day,
        scores={visit: int(row[visit]) for visit in VISIT_DAYS if row.get(visit)},
    )


def instant(day: date, clock: str, *, utc: bool) -> str:
    """A time of day in Hong Kong, written with its offset or as the same instant in UTC."""
    local = datetime.combine(day, time.fromisoformat(clock), ZONE)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if utc else local.isoformat()


def period(lesion: Lesion, start: str, end: str, *, nights: int = 0) -> Json:
    """A period from day 0 on: for every second lesion in UTC, where it starts the day before."""
    utc = lesion.number % 2 == 0
    last = lesion.day + timedelta(days=nights)
    return {"start": instant(lesion.day, start, utc=utc), "end": instant(last, end, utc=utc)}


def resource(kind: str, identity: str, **elements: Any) -> Json:
    """A resource, marked as test data."""
    label = {"system": f"{TERMINOLOGY}/v3-ActReason", "code": "HTEST"}
    identifier = {"system": IDENTIFIER, "value": identity}
    known: Json = {"id": identity, "meta": {"security": [label]}, "identifier": [identifier]}
    return {"resourceType": kind} | known | elements


def reference(kind: str, identity: str) -> Json:
    """A reference to a resource of the same Bundle."""
    return {"reference": f"{kind}/{identity}"}


def concept(kind: str, text: str) -> Json:
    """A CodeableConcept. Codes go without a display: displays change, and none is matched."""
    codes = (code.rpartition("|") for code in CONCEPTS[kind][text])
    return {"coding": [{"system": system, "code": code} for system, _, code in codes], "text": text}


def condition(identity: str, patient: str, code: Json, **elements: Any) -> Json:
    """An active, confirmed Condition."""
    return resource(
        "Condition",
        identity,
        clinicalStatus=concept("statuses", "active"),
        verificationStatus=concept("statuses", "confirmed"),
        code=code,
        subject=reference("Patient", patient),
        **elements,
    )


def procedure(identity: str, lesion: Lesion, text: str, **elements: Any) -> Json:
    """A completed Procedure at the lesion."""
    return resource(
        "Procedure",
        identity,
        status="completed",
        code=concept("procedures", text),
        subject=reference("Patient", lesion.patient),
        reasonReference=[reference("Condition", f"{lesion.id}-metastasis")],
        bodySite=[concept("sites", lesion.site)],
        **elements,
    )


def patient_resources(lesion: Lesion) -> Iterator[Json]:
    """A patient and the primary tumour, as they were at the first of the patient's lesions."""
    birthday = lesion.day.replace(year=lesion.day.year - lesion.age) - timedelta(days=182)
    yield resource(
        "Patient",
        lesion.patient,
        name=[{"family": "Test", "given": [lesion.patient]}],
        gender=lesion.sex,
        birthDate=birthday.isoformat(),
    )
    primary = concept("primaries", lesion.primary)
    yield condition(f"{lesion.patient}-primary", lesion.patient, primary)


def lesion_resources(lesion: Lesion) -> Iterator[Json]:
    """What was treated, the stay in hospital, the procedures, and the scores."""
    myeloma = lesion.primary == "multiple myeloma"  # it destroys bone without a metastasis
    code = concept("lesions", "bone lesion of multiple myeloma" if myeloma else "bone metastasis")
    place = [concept("sites", lesion.site)]
    yield condition(f"{lesion.id}-metastasis", lesion.patient, code, bodySite=place)
    yield resource(
        "Encounter",
        f"{lesion.id}-stay",
        **{"class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "IMP"}},
        status="finished",
        subject=reference("Patient", lesion.patient),
        period=period(lesion, "06:30", "12:00", nights=1),
    )
    yield from treatments(lesion)
    for visit, value in lesion.scores.items():
        yield score(lesion, visit, value)


def treatments(lesion: Lesion) -> Iterator[Json]:
    """The ablation, where there was one, and the cementoplasty with what it left behind."""
    stay = reference("Encounter", f"{lesion.id}-stay")
    if lesion.ablated:
        ablation = {"encounter": stay, "performedPeriod": period(lesion, "07:10", "07:40")}
        yield procedure(f"{lesion.id}-rfa", lesion, "radiofrequency ablation", **ablation)
    name: str = CONCEPTS["cementoplasty_of"][lesion.site_group]
    done: Json = {"encounter": stay, "performedPeriod": period(lesion, "07:45", "08:30")}
    if lesion.number == PARALYSED:
        paralysis = f"{lesion.patient}-paralysis"
        yield condition(paralysis, lesion.patient, concept("complications", "left leg paralysis"))
        done |= {"complicationDetail": [reference("Condition", paralysis)]}
    yield procedure(f"{lesion.id}-cementoplasty", lesion, name, **done)


def radiotherapy(lesion: Lesion) -> Json:
    """Radiotherapy some months before the patient's first lesion was treated."""
    done = {"performedDateTime": f"{lesion.day - timedelta(days=120):%Y-%m}"}
    return procedure(f"{lesion.patient}-radiotherapy", lesion, "radiotherapy to the lesion", **done)


def score(lesion: Lesion, visit: str, value: int) -> Json:
    """A pain score, taken early: in UTC, as every second visit writes it, the day before."""
    utc = (lesion.number + list(VISIT_DAYS).index(visit)) % 2 == 0
    day = lesion.day + timedelta(days=VISIT_DAYS[visit])
    return resource(
        "Observation",
        f"{lesion.id}-{visit}",
        status="final",
        code=concept("scores", "pain, visual analogue scale 0 to 10"),
        subject=reference("Patient", lesion.patient),
        effectiveDateTime=instant(day, "06:45" if visit == "D0" else "07:30", utc=utc),
        valueQuantity=points(value),
        referenceRange=[{"low": points(0), "high": points(10)}],
        **link(lesion, way(lesion, visit)),
    )


def points(value: int) -> Json:
    """A number of points on the scale."""
    unit = "{score}"
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def way(lesion: Lesion, visit: str) -> str:
    """How this score is linked: the ways take turns over lesions and visits."""
    ways = (*WAYS, "encounter") if VISIT_DAYS[visit] <= 1 else WAYS
    turn = ways[(lesion.number + list(VISIT_DAYS).index(visit)) % len(ways)]
    # Only a part of the pelvis has a coarser site to be named by.
    return "body-site" if turn == "site-group" and lesion.site not in PARTS_OF_THE_PELVIS else turn


def link(lesion: Lesion, way: str) -> Json:
    """The element that links a score to its lesion; none where only the time does."""
    index_procedure = reference("Procedure", f"{lesion.id}-cementoplasty")
    links: dict[str, Json] = {
        "focus-procedure": {"focus": [index_procedure]},
        "focus-condition": {"focus": [reference("Condition", f"{lesion.id}-metastasis")]},
        "part-of": {"partOf": [index_procedure]},
        "body-site": {"bodySite": concept("sites", lesion.site)},
        "site-group": {"bodySite": concept("sites", "bony pelvis")},
        "encounter": {"encounter": reference("Encounter", f"{lesion.id}-stay")},
        "time": {},
    }
    return links[way]


def resources() -> Iterator[Json]:
    """Every resource of the study, each after those that it refers to."""
    lesions = read_lesions()
    first = {lesion.patient: lesion for lesion in reversed(lesions)}
    for patient in sorted(first):
        yield from patient_resources(first[patient])
    for lesion in lesions:
        yield from lesion_resources(lesion)
    for patient in sorted(first.keys() - set(WITHOUT_RADIOTHERAPY)):
        yield radiotherapy(first[patient])


def bundle_text() -> str:
    """The transaction Bundle, one entry a line."""
    entries = [
        {"request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}, "resource": one}
        for one in resources()
    ]
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    return f'{{"resourceType": "Bundle", "type": "transaction", "entry": [\n{lines}\n]}}\n'


def copy_to_demo() -> None:
    """Bring the Bundle, the study file, the code lists and the figures to the demo."""
    DEMO.mkdir(parents=True, exist_ok=True)
    for name in ("bundle.json", "study.toml", "paper.json"):
        shutil.copyfile(HERE / name, DEMO / name)
    shutil.rmtree(DEMO / "codes", ignore_errors=True)
    shutil.copytree(HERE / "codes", DEMO / "codes", copy_function=shutil.copyfile)


if __name__ == "__main__":
    (HERE / "bundle.json").write_text(bundle_text(), encoding="utf-8", newline="\n")
    copy_to_demo()
    print("wrote bundle.json, and copied the study to the demo")
