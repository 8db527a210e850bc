"""The names that abate gives to what it writes: systems, canonical URLs, stable ids.

Each is a URN under one OID of abate's own, `urn:oid:2.25.N`, followed by an arc for each name: see
docs/reference/fhir.md. No setting changes a name, since a report is recognised by it.
"""

from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

# Below 2.25 an OID is made of a UUID and needs no registration (ITU-T X.667). N is the UUID
# 8e69aff9-0b65-4898-b823-87ac36f2dcd6 as a decimal integer; `uuid.uuid4()` made it, once, on
# 2026-12-01. RFC 3061 writes an OID as a URN. N never changes, and no arc is used twice.
OID: Final = "2.25.189299135724624095390856893457610497238"
ROOT: Final = f"urn:oid:{OID}"

SYSTEM = f"{ROOT}.1"
STUDY_KEY = f"{ROOT}.2"
CHECK = f"{ROOT}.3"
INPUTS = f"{ROOT}.4"
STUDY_FILE = f"{ROOT}.5"
# Kinds of statistics (Observation.code), and the parts of one (Observation.component.code). They
# are two systems, since FHIR forbids a component with the code of its Observation (obs-7), and a
# count may be either.
STATISTIC = f"{ROOT}.6"
COMPONENT = f"{ROOT}.7"
REPORT = f"{ROOT}.8"
MEASURE = f"{ROOT}.9"
UNIT_TEXT = f"{ROOT}.10"
NO_CODES = f"{ROOT}.11"
RESULTS_SCHEMA = f"{ROOT}.12"
TABLES = f"{ROOT}.13"

# A host that abate does not own. Nothing new gets a name on it.
_HOST_OF_0_1 = "https://abate.readthedocs.io/fhir"
# The URL of an extension shall be a URL and not a URN, as an OID is
# (https://hl7.org/fhir/R4/extensibility.html#Extension, notes): it stays what it was in 0.1.
DIGEST: Final = f"{_HOST_OF_0_1}/StructureDefinition/content-digest"
# Part of each stable id: another text here would give every resource another id.
_NAMESPACE: Final = f"{_HOST_OF_0_1}/sid/report"

# The names that abate 0.1 wrote instead: they are still recognised, and no longer written.
NAMES_OF_0_1 = {
    SYSTEM: f"{_HOST_OF_0_1}/sid/report",
    STUDY_KEY: f"{_HOST_OF_0_1}/sid/study-key",
    CHECK: f"{_HOST_OF_0_1}/sid/check",
    INPUTS: f"{_HOST_OF_0_1}/sid/inputs",
    STUDY_FILE: f"{_HOST_OF_0_1}/sid/study-file",
    STATISTIC: f"{_HOST_OF_0_1}/CodeSystem/statistic",
    COMPONENT: f"{_HOST_OF_0_1}/CodeSystem/statistic-component",
    REPORT: f"{_HOST_OF_0_1}/CodeSystem/report",
    MEASURE: f"{_HOST_OF_0_1}/Measure",
    UNIT_TEXT: f"{_HOST_OF_0_1}/CodeSystem/unit-text",
}


def forms_of(name: str) -> tuple[str, str]:
    """Return a name, and the one that abate 0.1 wrote instead: both are abate's own."""
    return name, NAMES_OF_0_1[name]


def measure_url(identifier: str) -> str:
    """Return the canonical URL of a Measure: its stable id, as an integer, is the last arc."""
    return f"{MEASURE}.{UUID(identifier).int}"


def stable_id(*parts: str) -> str:
    """The id that the same parts (study, analysis, statistic) give each time: a UUID, version 5."""
    return str(uuid5(NAMESPACE_URL, "/".join([_NAMESPACE, *parts])))


def is_stable(identifier: str) -> bool:
    """Whether an id is one that `stable_id` may have given."""
    try:
        return UUID(identifier).version == 5
    except ValueError:
        return False
