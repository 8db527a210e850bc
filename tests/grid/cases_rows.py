"""Unusual rows: subjects, patients, values, codes, statuses and dates; no pull may lose them."""

from case import Case
from made import coded, patient, procedure, score, subject
from ways import BULK, FILES, NIGHTLY, PATIENT, POPULATION

LOINC = "http://loinc.org"


ALL = (POPULATION, PATIENT, NIGHTLY, BULK, FILES)


def _ways(name):
    """Return the ways; a pull by patient finds no row whose subject is not a patient."""
    return [way for way in ALL if way != PATIENT or not name.startswith("subject-")]


def odd(name, says, seen="observed", reads=None, **more):
    """Return the case of a pain score that a server may have, and its state in the store."""
    return Case(
        id=name, says=says, seen=seen, resources=[score("odd", "a", None, **more)],
        reads={"odd": reads} if reads else {}, ways=_ways(name),
    )  # fmt: skip


def shown(name, says, seen="observed", reads=None, **more):
    """Return the same for a score that the sandbox would not accept or find."""
    return Case(
        id=name, says=says, seen=seen, resources=[score("odd")], disguised={"odd": more},
        reads={"odd": reads} if reads else {}, ways=_ways(name),
    )  # fmt: skip


def quantity(value, **more):
    return {"value": value, **more}


SUBJECTS = [
    odd("subject-by-identifier", "The subject is an identifier only.",
        valueInteger=5, subject={"identifier": {"system": "urn:n", "value": "1"}}),
    odd("subject-contained", "The subject is contained.", valueInteger=5,
        contained=[patient("newborn")], subject={"reference": "#newborn"}),
    odd("subject-versioned", "The subject names a version.", valueInteger=5,
        subject={"reference": "Patient/a/_history/1"}),
    shown("subject-absolute-elsewhere", "The subject is a patient of another server.",
          "LinuxForHealth#1375", subject={"reference": "http://other.example/r4/Patient/a"}),
    shown("subject-urn", "The subject is a urn:uuid that was never resolved.",
          subject={"reference": "urn:uuid:4f1c2a7e-8d3b-4c55-9b57-0d4a4f2f8a11"}),
    shown("subject-conditional", "The subject is a search.",
          subject={"reference": "Patient?identifier=urn:n|1"}),
    shown("subject-missing", "There is no subject.", subject=None),
    shown("subject-absolute", "The subject is absolute, on this server.", "hapi-fhir#1102",
          subject={"reference": "http://127.0.0.1/fhir/Patient/a"}),
    Case(id="subject-not-there", ways=ALL, says="The server does not have the subject's Patient.",
         resources=[procedure("treat-e", "nobody"), score("odd", "nobody")]),
]  # fmt: skip
PATIENTS = [
    Case(id="merged", ways=ALL, says="A patient was merged into another.", seen="hapi-fhir#6486",
         resources=[patient("e"), patient("c", active=False,
                    link=[{"other": subject("e"), "type": "replaced-by"}])]),
    Case(id="merged-by-the-old-record", ways=ALL, seen="assumed",
         says="A patient who has only scores was merged into a treated one, whose record does "
         "not show it.",
         resources=[patient("e", active=False,
                    link=[{"other": subject("c"), "type": "replaced-by"}]), score("old", "e")],
         reads={"old": ("mapped", "5")}),
    Case(id="merged-into-nobody", ways=ALL, says="A patient was merged into one that does not "
    "exist.",
         seen="cliniko#97",
         resources=[patient("c", active=False,
                    link=[{"other": subject("gone"), "type": "replaced-by"}])]),
    Case(id="seealso", ways=ALL, says="A patient has a link that is not a merge.", seen="observed",
         resources=[patient("e"), patient("c", link=[{"other": subject("e"), "type": "seealso"}])]),
    Case(id="patient-deleted", ways=ALL, says="The Patient of an index procedure was deleted.",
         seen="android-fhir#1149", deleted=[("Patient", "c")]),
    Case(id="procedure-deleted", ways=ALL, says="An index procedure was deleted.",
         seen="android-fhir#1149", deleted=[("Procedure", "treat-c")]),
    Case(id="score-deleted", ways=ALL, says="A pain score was deleted.", seen="bulk-data#66",
         deleted=[("Observation", "c1")]),
]  # fmt: skip

VALUES = [
    odd("score-as-text", "The score is the text 7/10.", valueString="7/10"),
    odd("score-in-words", "The score is free text.", valueString="pain on walking"),
    odd("score-gt-45", "The score is GT 45.", "eCRNow#625", valueString="GT 45"),
    odd("score-as-answer", "The score is an answer's code.", valueCodeableConcept=coded("x")),
    odd("score-in-component", "The score is in a component.",
        component=[{"code": coded("72514-3", LOINC), "valueInteger": 6}]),
    odd("score-0.42", "The score is 0.42.", valueQuantity=quantity(0.42)),
    odd("unit-without-system", "The unit is /10, without a system.",
        valueQuantity=quantity(6, unit="/10")),
    odd("comparator", "The score has a comparator.", valueQuantity=quantity(6, comparator=">=")),
    shown("comparator-illegal", "The comparator is not defined by FHIR.", "FHIR-Converter#504",
          valueInteger=None, valueQuantity=quantity(6, comparator="<>")),
    odd("absent-with-reason", "A reason stands in place of the score.", "eCRNow#509",
        dataAbsentReason=coded("unknown")),
    odd("absent-and-there", "A score and a reason why there is none.", valueInteger=4,
        dataAbsentReason=coded("unknown")),
    odd("decimal-7.0", "The score is written 7.0.", "fhir.resources#203",
        reads=("mapped", "7.0"), valueQuantity=quantity(7.0)),
    odd("score-of-99", "The score is 99: unable to answer.", valueInteger=99),
]  # fmt: skip

CODES = [
    shown("code-with-spaces", "The code has spaces around it.", "observed",
          code=coded(" 72514-3 ", LOINC)),
    odd("two-codes", "The code has two codings.", valueInteger=5,
        code={"coding": [*coded("local")["coding"], *coded("72514-3", LOINC)["coding"]]}),
    odd("entered-in-error", "The row was entered in error.", "growth-chart-app#32",
        valueInteger=5, status="entered-in-error"),
    odd("cancelled", "The row was cancelled.", "eCRNow#646", valueInteger=5, status="cancelled"),
    odd("amended", "The row was amended.", valueInteger=5, status="amended"),
    shown("status-unknown", "The status is not defined by FHIR.", "observed", status="done"),
]  # fmt: skip

DATES = [
    shown(f"date-{name}", says, seen, effectiveDateTime=text)
    for name, says, seen, text in (
        ("year", "The date is a year.", "openemr#12429", "2026"),
        ("month", "The date is a month.", "openemr#12429", "2026-01"),
        ("without-zone", "The time has no zone.", "hapi-fhir#887", "2026-01-17T08:00:00"),
        ("zone-without-colon", "The zone is +0200.", "firely#209", "2026-01-17T08:00:00+0200"),
        ("30-february", "The date is 30 February.", "observed", "2026-02-30"),
        ("shifted", "The year is 2154.", "observed", "2154-01-17"),
    )
] + [
    odd("period", "The time is a period.", "fhir-bridge#301", valueInteger=5,
        effectiveDateTime=None, effectivePeriod={"start": "2026-01-17", "end": "2026-01-18"}),
    odd("period-without-end", "The time is a period without an end.", "fhir-bridge#301",
        valueInteger=5, effectiveDateTime=None, effectivePeriod={"start": "2026-01-17"}),
    odd("no-date", "There is no date.", "SpeziFHIR#14", valueInteger=5, effectiveDateTime=None),
    Case(id="performed-in-words", says="A procedure's date is a text.", seen="fhir-bridge#301",
         resources=[procedure("odd", "c", performedDateTime=None) | {"performedString": "in May"}],
         ways=ALL),
]  # fmt: skip

CASES = [*SUBJECTS, *PATIENTS, *VALUES, *CODES, *DATES]
