"""Figures of patients beside figures of lesions: their difference is about few patients.

A patient with one lesion counts the same in both, so the difference of the two figures is about
the patients with several lesions. If these are few, or the difference is small, the figure of the
patients is hidden: always that one, so that two releases do not show one each.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from abate.disclosure.cells import CellRow, CellSheet
from abate.disclosure.rule import Rule


@dataclass(frozen=True)
class _Pair:
    """A row of patients and a row of lesions with the same question."""

    sheet: CellSheet
    patients: CellRow
    lesions: CellRow

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(patient for patient, _ in self.patients.items)

    @cached_property
    def _lesions_of(self) -> Mapping[str, list[str]]:
        lesions = defaultdict[str, list[str]](list)
        for lesion, _ in self.lesions.items:
            lesions[self.sheet.patient_of[lesion]].append(lesion)
        return lesions

    @cached_property
    def alone(self) -> Mapping[str, str]:
        """The patients who count the same in both rows, by their lesion."""
        its = self._lesions_of
        return {its[key][0]: key for key in self._known & its.keys() if len(its[key]) == 1}

    @cached_property
    def apart(self) -> frozenset[str]:
        """The other patients."""
        return (self._known | self._lesions_of.keys()) - {*self.alone.values()}

    def differences(self, patients: Collection[str], lesions: Collection[str]) -> tuple[int, int]:
        """Return by how many an answer of lesions exceeds one of patients, and the rest.

        Both are 0 if it is not the same answer: the patients who count the same differ in it.
        """
        here = {self.alone[lesion] for lesion in lesions if lesion in self.alone}
        if here != {*self.alone.values()} & {*patients}:
            return 0, 0
        more = len(lesions) - len(patients)
        return more, len(self.lesions.items) - len(self.patients.items) - more


def counts_beside_lesions(sheet: CellSheet, rule: Rule) -> Iterator[tuple[int, int]]:
    """Give the pairs of cells, of patients and of lesions, that must not both be shown."""
    cells = list(sheet.cells)
    for pair in _pairs(sheet):
        for cell in sheet.answers.get(pair.patients, set()) - sheet.known:
            for other in sheet.answers.get(pair.lesions, ()):
                differences = pair.differences(cells[cell].ids, cells[other].ids)
                if len(pair.apart) < rule.minimum or any(
                    0 < abs(x) < rule.minimum for x in differences
                ):
                    yield cell, other


def rows_beside_lesions(sheet: CellSheet, rule: Rule) -> Iterator[tuple[CellRow, CellRow]]:
    """Give the pairs of rows, of patients and of lesions, whose values must not both be shown."""
    for pair in _pairs(sheet):
        is_known = sheet.answers.get(pair.patients, set()) <= sheet.known
        if len(pair.apart) < rule.minimum and not (is_known and sheet.answers[pair.patients]):
            yield pair.patients, pair.lesions


def _pairs(sheet: CellSheet) -> Iterator[_Pair]:
    """Give the rows of patients with those of lesions that share a datum, if they differ."""
    used = {mention.row for mention in sheet.estimates.values()}
    rows = [row for row, place in sheet.rows.items() if place in used]
    cells = list(sheet.cells)
    at = defaultdict[tuple[str, str], set[CellRow]](set)
    for row in rows:
        if cells[row.cell].basis == "lesion" and all(
            unit in sheet.patient_of for unit, _ in row.items
        ):
            for lesion, datum in row.items:
                at[sheet.patient_of[lesion], datum].add(row)
    for row in rows:
        if cells[row.cell].basis == "patient":
            beside = set[CellRow]().union(*(at.get(item, ()) for item in row.items))
            pairs = (_Pair(sheet, row, other) for other in beside)
            yield from (pair for pair in pairs if pair.apart)
