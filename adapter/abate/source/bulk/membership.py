"""An export of a Group, compared with the Group: nobody else is in it, and nobody is missing.

A server may export everybody for an empty Group, or leave out whom it may not show. Patients who
were merged count as one: the record of one may be listed, and those of the other exported.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from abate.errors import IncompletePull
from abate.fhir.references import local_id
from abate.fhir.types import MAPPED_NAMES
from abate.source.group import Group
from abate.source.required_data import heads
from abate.source.search.patients import land_patients
from abate.source.search.pull import Pull
from abate.store.landing import Landing
from abate.store.pull_remarks import is_withheld, note_left


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPatients:
    """The patients of what has landed.

    Attributes:
        patients: the ids of the Patients.
        subjects: the ids of the patients of all other resources.
        links: two ids each, of Patients who were merged.
    """

    patients: frozenset[str]
    subjects: frozenset[str]
    links: tuple[tuple[str, str], ...]

    def with_merged(self, ids: Iterable[str]) -> set[str]:
        """These, and all who were merged with one of them."""
        linked = defaultdict[str, set[str]](set)
        for one, other in self.links:
            linked[one].add(other)
            linked[other].add(one)
        found, new = set[str](), set(ids)
        while new:
            found |= new
            new = {other for one in new for other in linked[one]} - found
        return found

    def left(self, group: Group) -> set[str]:
        """The ids of all who have left the Group."""
        return self.with_merged(group.left) - self.with_merged(group.active)

    def missing(self, group: Group) -> list[str]:
        """The ids of active members whose Patient has not landed under any of its records."""
        here = self.with_merged(self.patients)
        return [one for one in group.active if one not in here]

    def refuse_strangers(self, group: Group) -> None:
        """Stop if the export holds patients whom the Group does not list.

        Raises:
            IncompletePull: says how many.
        """
        exported = self.patients | self.subjects
        strangers = exported - self.with_merged(group.listed)
        if strangers:
            raise IncompletePull(
                f"the export of {group.reference} holds {len(exported)} patients, of whom "
                f"{len(strangers)} are not members: {group}. The server has not exported "
                "this Group. Nothing was stored; ask its operator."
            )


def compare(group: Group, pull: Pull) -> None:
    """Compare what has landed with the Group; note in the landing who has left.

    Args:
        group: its members.
        pull: what can search the server for active members who were not exported.

    Raises:
        IncompletePull: others are exported too, or members are missing; nothing that has landed is
            kept, so that the next run asks for a new export.
    """
    found = read_exported(pull.landing, pull.base)
    pull.log.info(str(group))
    try:
        found.refuse_strangers(group)
        if missing := found.missing(group):
            _refuse_missing(missing, group, pull)
    except IncompletePull:
        pull.landing.begin_again()
        raise
    note_left(pull.landing, found.left(group))


def _refuse_missing(missing: Sequence[str], group: Group, pull: Pull) -> None:
    """Stop if the server has active members whom its export lacks; those deleted are said.

    Raises:
        IncompletePull: says how many.
    """
    words = f"{len(missing)} active members of {group.reference}"
    if is_withheld(pull.landing):
        pull.log.warning(f"{words} were not exported")
        return
    land_patients(pull, missing)
    there = {head.id for head in heads(pull.landing, "Patient")}.intersection(missing)
    if there:
        raise IncompletePull(
            f"the export of {group.reference} lacks {len(there)} of its {len(group.active)} active "
            "members, whom the server has. Nothing was stored; run again."
        )
    pull.log.warning(f"{words} are not on the server any more")


def read_exported(landing: Landing, base: str) -> ExportedPatients:
    """The patients of what has landed from the server at `base`."""
    ids, links = set[str](), list[tuple[str, str]]()
    for head in heads(landing, "Patient"):
        ids.add(head.id)
        for reference in (*head.links_of("replaced-by"), *head.links_of("replaces")):
            other = local_id(reference, "Patient", base)
            if other is not None:
                links.append((head.id, other))
    return ExportedPatients(
        patients=frozenset(ids),
        subjects=frozenset(_subjects(landing, base)),
        links=tuple(links),
    )


def _subjects(landing: Landing, base: str) -> Iterator[str]:
    for kind in MAPPED_NAMES:
        for head in heads(landing, kind) if kind != "Patient" else ():
            subject = local_id(head.subject_reference, "Patient", base)
            if subject is not None:
                yield subject
