"""Scopes: which are requested, and whether the granted scopes cover them.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abate.fhir.types import ALWAYS, OPTIONAL_TO_READ, READ, WRITTEN_NAMES


def _reading(kind: str) -> str:
    return f"system/{kind}.rs"


# For reading, create by update under abate's own ids, update, search by identifier; no delete.
WRITE = tuple(f"system/{kind}.crus" for kind in sorted(WRITTEN_NAMES))
# The resource that `abate check --write` writes and deletes.
PROBE = ("system/List.cruds",)
# The types that `abate check` and `abate init` read: required ones, and optional ones.
CHECK = tuple(_reading(kind.name) for kind in READ if kind.is_needed(ALWAYS))
CHECK_BESIDES = tuple(_reading(name) for name in OPTIONAL_TO_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """The scopes of a login: required scopes, and optional scopes."""

    needed: Sequence[str]
    besides: Sequence[str] = ()


def to_read(sections: Iterable[str], patients: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that a pull needs.

    Args:
        sections: the tables of the study file that contain codes.
        patients: the listed patients of the study file; a Group among them is read too.
    """
    named = set(sections)
    needed = [kind.name for kind in READ if kind.is_needed(named)]
    group = ["Group"] if any(patient.startswith("Group/") for patient in patients) else []
    return tuple(_reading(kind) for kind in sorted([*needed, *group]))


_CLINICAL = re.compile(r"(system|user|patient)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)")
# The permissions of SMART 1 in the form of SMART 2.
_OF_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


def missing(asked: Iterable[str], granted: str) -> list[str]:
    """Return the requested scopes that `granted` (separated by spaces) does not cover."""
    have = granted.split()
    return [scope for scope in asked if scope not in have and not _is_covered(scope, have)]


def _is_covered(asked: str, granted: Iterable[str]) -> bool:
    """Return whether each permission is granted; a scope with a `?query` grants less."""
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
