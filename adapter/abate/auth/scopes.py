"""Scopes: what is asked for, and whether what was granted covers it.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abate.fhir.types import ALWAYS, OPTIONAL_TO_READ, READ, WRITTEN_NAMES


def _reading(kind: str) -> str:
    return f"system/{kind}.rs"


# Read, created under ids of our choice, updated, searched by identifier; never deleted.
WRITE = tuple(f"system/{kind}.crus" for kind in sorted(WRITTEN_NAMES))
# What `abate check --write` writes, and deletes again.
PROBE = ("system/List.cruds",)
# What `abate check` and `abate init` read: what each study needs, and what a study may need.
CHECK = tuple(_reading(one.name) for one in READ if one.is_needed(ALWAYS))
CHECK_BESIDES = tuple(_reading(name) for name in OPTIONAL_TO_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What a login asks for: what is needed, and what is asked for besides, if it is to be had."""

    needed: Sequence[str]
    besides: Sequence[str] = ()


def to_read(sections: Iterable[str], patients: Iterable[str]) -> tuple[str, ...]:
    """What a pull needs.

    Args:
        sections: the tables of the study file that name codes.
        patients: whose resources are pulled, where the study file says it: a Group is read too.
    """
    named = set(sections)
    needed = [one.name for one in READ if one.is_needed(named)]
    group = ["Group"] if any(one.startswith("Group/") for one in patients) else []
    return tuple(_reading(kind) for kind in sorted([*needed, *group]))


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
