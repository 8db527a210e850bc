"""What happens to one resource of a target, and the transaction that makes it happen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from abate.fhir.canonical import SYSTEM, forms_of
from abate.publish.diff import Number, elements, numbers, wordy
from abate.report.fhir.elements import Resource, reference_to

WRITTEN = ("create", "update", "retract")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource and what happens to it: create, update, retract, unchanged, or left.

    Attributes:
        resource: as it is to be.
        action: what happens to it. What is left is not touched, and `why` tells the reason.
        version: the one that the target has now.
        differs: the elements that differ.
        worded: those of them in which more than a number differs.
        numbers: the numbers that differ, with what the target has now.
        why: of what is left.
    """

    resource: Resource
    action: str
    version: str | None = None
    differs: tuple[str, ...] = ()
    worded: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    why: str = ""

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return reference_to(self.resource)

    @property
    def name(self) -> str:
        """What it is within its study, as `week/falls`; empty if it has no identifier of ours."""
        values = [str(identifier.get("value")) for identifier in identifiers(self.resource)]
        return values[0].partition("/")[2] if values else ""

    @property
    def is_written(self) -> bool:
        """Whether the transaction writes it."""
        return self.action in WRITTEN


def change(resource: Resource, found: Mapping[str, Any] | None) -> Change:
    """What a resource would be to a target that has `found` in its place."""
    if found is None:
        return Change(resource=resource, action="create")
    differs = elements(resource, found)
    return Change(
        resource=resource,
        action="update" if differs else "unchanged",
        version=version(found),
        differs=differs,
        worded=wordy(resource, found) if differs else (),
        numbers=numbers(resource, found) if differs else (),
    )


def leave(found: Resource) -> Change:
    """A resource as it stands on the target, left as it is."""
    return Change(resource=found, action="unchanged", version=version(found))


def transaction(base: str, changes: Iterable[Change]) -> Resource:
    """The Bundle that writes the changes, each only onto the version that it was compared with."""
    entries = [_entry(base, one) for one in changes if one.is_written]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def identifiers(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The identifiers that abate gave a resource, 0.1 too; some types have one, most a list."""
    given = resource.get("identifier") or []
    several = given if isinstance(given, list) else [given]
    return [one for one in several if one.get("system") in forms_of(SYSTEM)]


def version(found: Mapping[str, Any]) -> str | None:
    """The version that a resource says it is."""
    return (found.get("meta") or {}).get("versionId")


def _entry(base: str, one: Change) -> Resource:
    request = {"method": "PUT", "url": one.reference}
    # HAPI 8.8 passes over ifNoneMatch, and refuses the second of two creations by itself (2026-11).
    if one.action == "create":
        request["ifNoneMatch"] = "*"
    elif one.version is not None:
        request["ifMatch"] = f'W/"{one.version}"'
    return {
        "fullUrl": f"{base}/{one.reference}",
        "resource": one.resource,
        "request": request,
    }
