"""The key of a study, which differs between two studies with the same `[study] id`.

Each store makes a random key for each study id, once. It is published in a second identifier of
each resource that has one of ours: `KEY/ANALYSIS/ESTIMATE` beside `STUDY/ANALYSIS/ESTIMATE`. A
report with another key was published from another store; abate 0.1 wrote reports without a key.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from abate.errors import PublishRefused
from abate.fhir.canonical import STUDY_KEY, forms_of
from abate.publish.change import Change, identifiers
from abate.publish.retract_status import without_their_meta
from abate.report.fhir.content_digest import mark
from abate.report.fhir.elements import Resource
from abate.store.database import FILE, open_store

_TABLE = "create table if not exists study_key (study varchar, key varchar)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The store that publishes a study.

    Attributes:
        study: the study's id.
        key: the study's key in this store.
        may_adopt: whether to take over a report with another key, or without one.
    """

    study: str
    key: str
    may_adopt: bool = False

    def refuse_other(self, base: str, resources: Iterable[Mapping[str, Any] | None]) -> None:
        """Stop if the study's resources on the target have another key, or none.

        Raises:
            PublishRefused: names the study id, and the two possible next steps.
        """
        if self.may_adopt:
            return
        for resource in resources:
            if resource is not None and self.is_other(resource):
                raise PublishRefused(self._refusal(base, key_of(resource)))

    def mark(self, resource: Resource) -> Resource:
        """Return the resource with this store's key, if its type can have one, and its digest."""
        return mark(_add_key(resource, self.key)) if _can_carry(resource) else resource

    def is_other(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource that can have a study key has another one, or none."""
        return _can_carry(resource) and key_of(resource) != self.key

    def adopt(self, change: Change) -> Change:
        """Return the change with this store's key, if the resource has another key or none."""
        if change.action == "left" or not self.is_other(change.resource):
            return change
        return replace(
            change,
            resource=self.mark(without_their_meta(change.resource)),
            action="update" if change.action == "unchanged" else change.action,
            differs=(*change.differs, "identifier"),
            worded=(*change.worded, "identifier"),
        )

    def _refusal(self, base: str, key: str | None) -> str:
        found_key = "no study key (abate 0.1 wrote none)" if key is None else "another study key"
        return (
            f"{base} has a report of the study {self.study!r} with {found_key}, so it may belong "
            "to another study, and is not changed. If it is this study's own report (an earlier "
            "version of abate wrote it, or the store was lost), take it over with the option "
            "--adopt of abate publish and abate retract. If not, give this study another [study] "
            "id."
        )


def owner_of(folder: Path, study: str, *, may_adopt: bool = False) -> Owner:
    """Return the owner of a study in an output folder; its store makes the key if it has none.

    Raises:
        StoreError: the store cannot be opened or written.
    """
    with open_store(folder / FILE) as store:
        store.script(_TABLE)
        rows = store.rows("select key from study_key where study = $study", {"study": study})
        key = str(rows[0][0]) if rows else secrets.token_hex(16)
        if not rows:
            store.insert("study_key", [(study, key)])
    return Owner(study=study, key=key, may_adopt=may_adopt)


def key_of(resource: Mapping[str, Any]) -> str | None:
    """Return the study key of a resource; None if it has none."""
    given = resource.get("identifier")
    for identifier in given if isinstance(given, list) else ():
        if identifier.get("system") in forms_of(STUDY_KEY):
            return str(identifier.get("value")).partition("/")[0]
    return None


def _add_key(resource: Resource, key: str) -> Resource:
    """Return the resource with the key beside its identifier of ours."""
    others = [
        identifier
        for identifier in resource["identifier"]
        if identifier.get("system") not in forms_of(STUDY_KEY)
    ]
    _, _, part = str(identifiers(resource)[0].get("value")).partition("/")
    own = {"system": STUDY_KEY, "value": f"{key}/{part}"}
    return {**resource, "identifier": [*others, own]}


def _can_carry(resource: Mapping[str, Any]) -> bool:
    """Whether a resource has a list with an identifier of ours: some types take only one."""
    return isinstance(resource.get("identifier"), list) and bool(identifiers(resource))
