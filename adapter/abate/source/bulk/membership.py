"""Compare an export of a Group with the Group: no other patients, and no missing members.

A server may export all patients for an empty Group, or omit patients it may not show. Merged
Patients count as one: one record may be listed, and the resources of the other exported.
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
    """The patients of the landed resources.

    Attributes:
        patients: the ids of the Patients.
        subjects: the ids of the patients of all other resources.
        links: pairs of ids of merged Patients.
    """

    patients: frozenset[str]
    subjects: frozenset[str]
    links: tuple[tuple[str, str], ...]

    def with_merged(self, ids: Iterable[str]) -> set[str]:
        """Return the ids, with those of all Patients merged with them."""
        linked = defaultdict[str, set[str]](set)
        for patient, other in self.links:
            linked[patient].add(other)
            linked[other].add(patient)
        patients, new = set[str](), set(ids)
        while new:
            patients |= new
            new = {other for patient in new for other in linked[patient]} - patients
        return patients

    def left(self, group: Group) -> set[str]:
        """Return the ids of all patients who have left the Group."""
        return self.with_merged(group.left) - self.with_merged(group.active)

    def missing(self, group: Group) -> list[str]:
        """Return the ids of active members without a landed Patient under any of their records."""
        here = self.with_merged(self.patients)
        return [member for member in group.active if member not in here]

    def refuse_strangers(self, group: Group) -> None:
        """Stop if the export contains patients that the Group does not list.

        Raises:
            IncompletePull: says how many.
        """
        exported = self.patients | self.subjects
        strangers = exported - self.with_merged(group.listed)
        if strangers:
            raise IncompletePull(
                f"the export of {group.reference} contains {len(exported)} patients, of whom "
                f"{len(strangers)} are not members: {group}. The server has not exported "
                "this Group. Nothing was stored; ask its operator."
            )


def compare(group: Group, pull: Pull) -> None:
    """Compare the landed patients with the Group; note in the landing who has left.

    Args:
        group: the Group.
        pull: searches the server for active members that were not exported.

    Raises:
        IncompletePull: other patients are exported too, or members are missing; the landed files
            are deleted, so that the next run requests a new export.
    """
    exported = read_exported(pull.landing, pull.base)
    pull.log.info(str(group))
    try:
        exported.refuse_strangers(group)
        if missing := exported.missing(group):
            _refuse_missing(missing, group, pull)
    except IncompletePull:
        pull.landing.begin_again()
        raise
    note_left(pull.landing, exported.left(group))


def _refuse_missing(missing: Sequence[str], group: Group, pull: Pull) -> None:
    """Stop if the export lacks active members who are on the server; log those who are not.

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
            "members, who are on the server. Nothing was stored; run again."
        )
    pull.log.warning(f"{words} are no longer on the server")


def read_exported(landing: Landing, base: str) -> ExportedPatients:
    """Return the patients of the resources landed from the server at `base`."""
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
