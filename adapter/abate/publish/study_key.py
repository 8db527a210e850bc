"""The key of a study: it tells the study's report from another one with the same `[study] id`.

Each store makes a random key for each study id, once. It is published in a second identifier of
each resource that has one of ours: `KEY/ANALYSIS/ESTIMATE` beside `STUDY/ANALYSIS/ESTIMATE`. A
report that carries another key was published from another store; one that carries none was written
by abate 0.1.
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
        may_adopt: whether a report with another key, or with none, is taken over.
    """

    study: str
    key: str
    may_adopt: bool = False

    def refuse_other(self, base: str, resources: Iterable[Mapping[str, Any] | None]) -> None:
        """Stop if the study's resources on the target carry another key, or none.

        Raises:
            PublishRefused: names the study id, and the two ways to go on.
        """
        if self.may_adopt:
            return
        for resource in resources:
            if resource is not None and self.is_other(resource):
                raise PublishRefused(self._refusal(base, key_of(resource)))

    def mark(self, resource: Resource) -> Resource:
        """The resource with this store's key, if it can carry one, and a digest of both."""
        return mark(_add_key(resource, self.key)) if _can_carry(resource) else resource

    def is_other(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource that can carry a study key carries another one, or none."""
        return _can_carry(resource) and key_of(resource) != self.key

    def adopt(self, one: Change) -> Change:
        """The change, made to carry this store's key if the resource carries another or none."""
        if one.action == "left" or not self.is_other(one.resource):
            return one
        return replace(
            one,
            resource=self.mark(without_their_meta(one.resource)),
            action="update" if one.action == "unchanged" else one.action,
            differs=(*one.differs, "identifier"),
            worded=(*one.worded, "identifier"),
        )

    def _refusal(self, base: str, found: str | None) -> str:
        found_key = "no study key (abate 0.1 wrote none)" if found is None else "another study key"
        return (
            f"{base} has a report of the study {self.study!r} that carries {found_key}, so that it "
            "may belong to another study: it is left as it is. If it is this study's own report "
            "(an earlier version of abate wrote it, or its store was lost), take it over: "
            "--adopt, an option of abate publish and abate retract. If it is not, give this study "
            "another [study] id."
        )


def owner_of(folder: Path, study: str, *, may_adopt: bool = False) -> Owner:
    """The owner of a study in an output folder; its store makes the key if it has none.

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
    """The study key that a resource carries; None if it carries none."""
    given = resource.get("identifier")
    for one in given if isinstance(given, list) else ():
        if one.get("system") in forms_of(STUDY_KEY):
            return str(one.get("value")).partition("/")[0]
    return None


def _add_key(resource: Resource, key: str) -> Resource:
    """The resource with the key beside its identifier of ours."""
    others = [one for one in resource["identifier"] if one.get("system") not in forms_of(STUDY_KEY)]
    _, _, part = str(identifiers(resource)[0].get("value")).partition("/")
    own = {"system": STUDY_KEY, "value": f"{key}/{part}"}
    return {**resource, "identifier": [*others, own]}


def _can_carry(resource: Mapping[str, Any]) -> bool:
    """Whether a resource has an identifier of ours, in a list: some types of FHIR take only one."""
    return isinstance(resource.get("identifier"), list) and bool(identifiers(resource))
