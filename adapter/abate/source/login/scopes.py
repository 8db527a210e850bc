"""Scopes: what is asked for, and whether what was granted covers it.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable

READ = tuple(f"system/{kind}.rs" for kind in ("Condition", "Observation", "Patient", "Procedure"))
# To read the members of a Group, where the study names one.
GROUP_READ = "system/Group.rs"
# Read, created under ids of our choice, updated, searched by identifier; never deleted.
WRITE = tuple(
    f"system/{kind}.crus"
    for kind in (
        "CodeSystem",
        "DiagnosticReport",
        "Group",
        "List",
        "Measure",
        "MeasureReport",
        "Observation",
        "Organization",
        "Provenance",
    )
)
# What `abate check --write` writes, and deletes again.
PROBE = ("system/List.cruds",)

_CLINICAL = re.compile(r"(system|user|patient)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)")
# SMART 1, as SMART 2 reads it.
_OF_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


def missing(asked: Iterable[str], granted: str) -> list[str]:
    """Those asked for that what was granted (scopes with spaces between) does not cover."""
    have = granted.split()
    return [one for one in asked if one not in have and not _is_covered(one, have)]


def _is_covered(asked: str, granted: Iterable[str]) -> bool:
    """Whether each permission is granted; one with a `?query` is less than one without."""
    wanted = _CLINICAL.fullmatch(asked.partition("?")[0])
    if wanted is None:
        return False
    level, kind, permissions = wanted.groups()
    have: set[str] = set()
    for match in filter(None, map(_CLINICAL.fullmatch, granted)):
        if match[1] == level and match[2] in (kind, "*"):
            have.update(_letters(match[3]))
    return set(_letters(permissions)) <= have


def _letters(permissions: str) -> str:
    return _OF_VERSION_1.get(permissions, permissions)
