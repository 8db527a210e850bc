"""The change of one resource on a target, and the transaction that writes the changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from abate.fhir.canonical import SYSTEM, forms_of
from abate.publish.diff import Number, elements, numbers, wordy
from abate.report.fhir.elements import Resource, reference_to

WRITTEN = ("create", "update", "retract")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource and its action: create, update, retract, unchanged, or left.

    Attributes:
        resource: the resource as it will be.
        action: a resource that is `left` is not changed, and `why` has the reason.
        version: the version that the target has now.
        differs: the elements that differ.
        worded: the elements in which more than a number differs.
        numbers: the numbers that differ, with the ones that the target has now.
        why: why the resource is left.
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
        """Its name within the study, such as `week/falls`; empty without an identifier of ours."""
        values = [str(identifier.get("value")) for identifier in identifiers(self.resource)]
        return values[0].partition("/")[2] if values else ""

    @property
    def is_written(self) -> bool:
        """Whether the transaction writes it."""
        return self.action in WRITTEN


def change(resource: Resource, existing: Mapping[str, Any] | None) -> Change:
    """Return the change of a target that has `existing` under the same id."""
    if existing is None:
        return Change(resource=resource, action="create")
    differs = elements(resource, existing)
    return Change(
        resource=resource,
        action="update" if differs else "unchanged",
        version=version(existing),
        differs=differs,
        worded=wordy(resource, existing) if differs else (),
        numbers=numbers(resource, existing) if differs else (),
    )


def moves(changes: Iterable[Change]) -> dict[str, list[str]]:
    """Return the changed numbers by analysis, as `falls: value 6 -> 7, n 9 -> 10`."""
    by_analysis: dict[str, list[str]] = {}
    for item in changes:
        analysis, _, estimate = item.name.partition("/")
        if item.numbers and estimate:
            words = ", ".join(map(str, item.numbers))
            by_analysis.setdefault(analysis, []).append(f"{estimate}: {words}")
    return by_analysis


def leave(existing: Resource) -> Change:
    """Return a resource of the target as unchanged."""
    return Change(resource=existing, action="unchanged", version=version(existing))


def transaction(base: str, changes: Iterable[Change]) -> Resource:
    """Return the Bundle that writes the changes, each only onto the version that was compared."""
    entries = [_entry(base, item) for item in changes if item.is_written]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def identifiers(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the identifiers of abate, also of 0.1; some types have a single one."""
    given = resource.get("identifier") or []
    several = given if isinstance(given, list) else [given]
    return [identifier for identifier in several if identifier.get("system") in forms_of(SYSTEM)]


def version(resource: Mapping[str, Any]) -> str | None:
    """Return the version of a resource."""
    return (resource.get("meta") or {}).get("versionId")


def _entry(base: str, item: Change) -> Resource:
    request = {"method": "PUT", "url": item.reference}
    # HAPI 8.8 ignores ifNoneMatch, but refuses the second of two creations (2026-11).
    if item.action == "create":
        request["ifNoneMatch"] = "*"
    elif item.version is not None:
        request["ifMatch"] = f'W/"{item.version}"'
    return {
        "fullUrl": f"{base}/{item.reference}",
        "resource": item.resource,
        "request": request,
    }
