"""The names that abate gives to what it writes: canonical URLs, systems, stable ids."""

from uuid import NAMESPACE_URL, uuid5

CANONICAL = "https://abate.readthedocs.io/fhir"
SYSTEM = f"{CANONICAL}/sid/report"
STATISTIC = f"{CANONICAL}/CodeSystem/statistic"
REPORT = f"{CANONICAL}/CodeSystem/report"
DIGEST = f"{CANONICAL}/StructureDefinition/content-digest"


def stable_id(*parts: str) -> str:
    """The id that the same parts (study, analysis, statistic) give each time: a UUID, version 5."""
    return str(uuid5(NAMESPACE_URL, "/".join([SYSTEM, *parts])))
