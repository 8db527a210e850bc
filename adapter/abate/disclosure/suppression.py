"""The choice of what to hide: small cells, then the cheapest until nothing can be worked out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from abate.disclosure.by_patient import counts_beside_lesions, rows_beside_lesions
from abate.disclosure.cells import CellSheet, known_rests
from abate.disclosure.differences import Pair, Sums, blocks, overlapping, pair_nested
from abate.disclosure.rule import Rule

SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """The cells with a hidden number, and the rows of data with hidden values."""

    cells: frozenset[int]
    rows: frozenset[int]


def hide(sheet: CellSheet, rule: Rule) -> Hidden:
    """Hide small cells; of cells that differ by little the cheapest, until nothing follows."""
    known, until = blocks(sheet), monotonic() + SECONDS
    cells = _small(sheet, rule)
    beside = counts_beside_lesions(sheet, rule)
    cells |= {patients for patients, lesions in beside if lesions not in cells}
    cells |= _cover(pair_nested(sheet, known, rule), sheet.costs, cells)
    for sums in (Sums.of(block, sheet.wholes) for block in known):
        while groups := sums.groups(cells, rule, until):
            for group in groups:
                if cells.isdisjoint(group):
                    cells.add(min(group, key=lambda cell: (sheet.costs[cell], cell)))
    gone = {place for row, place in sheet.rows.items() if row.cell in cells}
    rows = _cover(overlapping(sheet, known, rule), _costs_of_rows(sheet), gone)
    for patients, lesions in rows_beside_lesions(sheet, rule):
        if sheet.rows[lesions] not in gone | rows:
            rows.add(sheet.rows[patients])
    return Hidden(cells=frozenset(cells), rows=frozenset(rows))


def _small(sheet: CellSheet, rule: Rule) -> set[int]:
    """Return the cells of few units, and those that leave few of the known units."""
    few = {place for cell, place in sheet.cells.items() if rule.hides(len(cell.ids))}
    cells = list(sheet.cells)
    for mention in sheet.estimates.values():
        whole = cells[mention.n].ids
        for count in mention.counts.values() if len(whole) >= rule.minimum else ():
            if cells[count].ids <= whole and 0 < len(whole - cells[count].ids) < rule.minimum:
                few.add(count)
    for part, wholes in sheet.wholes.items():
        if any(0 < len(whole.items) - len(part.items) < rule.minimum for whole in wholes):
            few.add(part.cell)
    return few | {count for count, rest in known_rests(sheet) if 0 < rest < rule.minimum}


def _cover(pairs: Iterable[Pair], costs: Sequence[float], hidden: set[int]) -> set[int]:
    """Hide one of each pair, if neither is hidden yet: the one with the least cost per pair."""
    left = {pair for pair in pairs if hidden.isdisjoint(pair)}
    chosen, rest = list[int](), left
    while rest:
        degrees = Counter(member for pair in rest for member in pair)
        chosen.append(min(degrees, key=lambda member: (costs[member] / degrees[member], member)))
        rest = {pair for pair in rest if chosen[-1] not in pair}
    kept = set(chosen)
    for candidate in sorted(chosen, key=lambda member: (-costs[member], member)):
        if all(kept & ({*pair} - {candidate}) for pair in left if candidate in pair):
            kept.discard(candidate)
    return kept


def _costs_of_rows(sheet: CellSheet) -> list[float]:
    """Return the cost of hiding the values of each row of data."""
    costs = [0.0] * len(sheet.rows)
    for mention in sheet.estimates.values():
        costs[mention.row] += sheet.costs[mention.n]
    return costs
