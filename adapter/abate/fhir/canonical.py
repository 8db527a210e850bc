"""The names that abate gives to what it writes: canonical URLs, systems, stable ids."""

from uuid import NAMESPACE_URL, UUID, uuid5

CANONICAL = "https://abate.readthedocs.io/fhir"
SYSTEM = f"{CANONICAL}/sid/report"
STUDY_KEY = f"{CANONICAL}/sid/study-key"
# Kinds of statistics (Observation.code), and the parts of one (Observation.component.code). They
# are two systems, since FHIR forbids a component with the code of its Observation (obs-7), and a
# count may be either.
STATISTIC = f"{CANONICAL}/CodeSystem/statistic"
COMPONENT = f"{CANONICAL}/CodeSystem/statistic-component"
REPORT = f"{CANONICAL}/CodeSystem/report"
MEASURE = f"{CANONICAL}/Measure"
DIGEST = f"{CANONICAL}/StructureDefinition/content-digest"


def stable_id(*parts: str) -> str:
    """The id that the same parts (study, analysis, statistic) give each time: a UUID, version 5."""
    return str(uuid5(NAMESPACE_URL, "/".join([SYSTEM, *parts])))


def is_stable(identifier: str) -> bool:
    """Whether an id is one that `stable_id` may have given."""
    try:
        return UUID(identifier).version == 5
    except ValueError:
        return False
