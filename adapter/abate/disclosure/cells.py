"""The cells of one run's results: each number of units in an estimate, a total or a step.

A cell is a set of units: two numbers of the same units are one cell. The units show which
populations are parts of others, and by how many units they differ.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import log2
from typing import NamedTuple

from abate.analysis.counts import basis_of, counts_of, members
from abate.analysis.model import Estimate
from abate.analysis.results import Results, Step
from abate.cohort.units import Units, as_units

# The question of the flow, which the attrition table and the counts of the treated divide.
TREATED = "treated"
PROCEDURES = "index procedures"
FLOW = (PROCEDURES, "no lesion", "treated", "excluded", "analysed")
# The costs of hiding: a total costs more than a figure, and a primary figure more than others.
TOTAL, PRIMARY, SECONDARY = 20.0, 4.0, 1.0


class Cell(NamedTuple):
    """A set of units; a procedure and its lesion are one unit."""

    basis: str
    ids: frozenset[str]


class CellRow(NamedTuple):
    """The units of one estimate with the datum of each; an unknown datum is one of its own."""

    cell: int
    items: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """The cells of one estimate.

    Attributes:
        n: the cell of its n.
        counts: the cells of its counts, by name.
        row: the data that its value is made of.
        may_leave: whether it may be released: its units are known, or no patient is real.
    """

    n: int
    counts: Mapping[str, int]
    row: int
    may_leave: bool

    @property
    def cells(self) -> tuple[int, ...]:
        """All cells."""
        return self.n, *self.counts.values()


@dataclass(slots=True)
class CellSheet:
    """The cells of results, by their numbers.

    Attributes:
        cells: the number of each cell.
        rows: the number of each row of data.
        wholes: for a row whose units were chosen by their values, the rows of all units among
            which they were chosen: a reader may know these, even if their number is hidden.
        names: what each cell counts, in words that may be printed.
        costs: the cost of hiding each cell.
        populations: the cells that are an n, a total or a step.
        known: the populations that were not chosen by values: a reader may know their members.
        answers: for a row with a question, the cells of the units with the same answer.
        estimates: by the number of the outcome and the name of the estimate.
        steps: by the row of the attrition table; rows that are left out have none.
        totals: the analysed `patient` and `lesion`.
        patient_of: the patient of each lesion, if it is known.
    """

    cells: dict[Cell, int] = field(default_factory=dict)
    rows: dict[CellRow, int] = field(default_factory=dict)
    wholes: dict[CellRow, set[CellRow]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    populations: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)
    answers: dict[CellRow, set[int]] = field(default_factory=dict)
    estimates: dict[tuple[int, str], Mention] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    patient_of: Mapping[str, str] = field(default_factory=dict)

    def cell(self, basis: str, ids: Iterable[str], name: str, cost: float) -> int:
        """Return the number of a cell; each mention adds to the cost of hiding it."""
        cell = Cell("lesion" if basis == "procedure" else basis, frozenset(ids))
        place = self.cells.setdefault(cell, len(self.cells))
        if place == len(self.names):
            self.names.append(f"{name} ({basis})")
            self.costs.append(log2(1 + len(cell.ids)))
        self.costs[place] += cost
        return place


def sheet(results: Results) -> CellSheet:
    """Return the cells of results; numbers with unknown units get units of their own."""
    cells = CellSheet(patient_of=results.patient_of)
    _add_steps(cells, results.attrition)
    for basis, number in (("patient", results.patients), ("lesion", results.lesions)):
        if number is not None:
            ids = _total(results.attrition, basis) or _made_up(f"analysed {basis}s", number)
            cells.totals[basis] = cells.cell(basis, ids, f"analysed {basis}s", TOTAL)
            _add_row(cells, _row(cells.totals[basis], dict.fromkeys(ids, TREATED)))
    for place, outcome in enumerate(results.outcomes):
        cost = PRIMARY if outcome.primary else SECONDARY
        known = outcome.result.units if outcome.result else {}
        for estimate in outcome.result.estimates if outcome.result else ():
            units = as_units(known[estimate.name]) if estimate.name in known else None
            mention = _mention(cells, estimate, units, cost)
            may_leave = units is not None or results.synthetic
            cells.estimates[place, estimate.name] = replace(mention, may_leave=may_leave)
    of_flow = {*cells.totals.values(), *cells.steps.values()}
    cells.populations |= of_flow
    cells.known |= of_flow
    return cells


def known_rests(sheet: CellSheet) -> Iterator[tuple[int, int]]:
    """Give each count with the number of units between it and a known part of the same n.

    A reader may know the members of a population, and so the units that can give another answer to
    the same question: a lesion without a score at a visit is dead, or it is not. Or the count
    contains the known part and a few more units: lesions that were due and not scored.
    """
    cells = list(sheet.cells)
    for row, answers in sheet.answers.items():
        whole = cells[row.cell].ids
        for known, other in product(answers & sheet.known, answers):
            part, count = cells[known].ids & whole, cells[other].ids & whole
            if part < count and other not in sheet.known:
                yield other, len(count) - len(part)
            elif part.isdisjoint(count):
                yield other, len(whole) - len(part) - len(count)


def _mention(cells: CellSheet, estimate: Estimate, units: Units | None, cost: float) -> Mention:
    basis, words = basis_of(estimate), estimate.population
    data = units.data if units else dict.fromkeys(_made_up(words, estimate.n or 0), "")
    counted = members(units, estimate) if units else {}
    n = cells.cell(basis, data, words, cost)
    cells.populations.add(n)
    row = _row(n, data)
    counts = {}
    for name, count in counts_of(estimate).items():
        # The counted units are unknown: they are treated as the same units in each such count.
        ids = counted.get(name, sorted(data)[:count])
        counts[name] = cells.cell(basis, ids, f"{words}: {name}", cost)
        _add_row(
            cells,
            _row(
                counts[name],
                {identifier: data[identifier] for identifier in ids if identifier in data},
            ),
        )
    if units and units.among:
        _add_chosen(cells, n, units, basis, f"{words}, and the others")
    else:
        cells.known.add(n)
    cells.answers.setdefault(row, set()).update(counts.values())
    return Mention(n=n, counts=counts, row=_add_row(cells, row), may_leave=True)


def _add_chosen(cells: CellSheet, n: int, units: Units, basis: str, words: str) -> None:
    """Add the n of units that were chosen by their values as an answer of all candidates."""
    among = cells.cell(basis, units.among, words, 0.0)
    whole = _row(among, units.among)
    chosen = _row(n, {unit: units.among.get(unit, datum) for unit, datum in units.data.items()})
    for row in (whole, chosen):
        _add_row(cells, row)
    cells.wholes.setdefault(chosen, set()).add(whole)
    cells.answers.setdefault(whole, set()).add(n)


def _row(cell: int, data: Mapping[str, str]) -> CellRow:
    return CellRow(cell, frozenset(data.items()))


def _add_row(cells: CellSheet, row: CellRow) -> int:
    return cells.rows.setdefault(row, len(cells.rows))


def _made_up(words: str, number: int) -> list[str]:
    """Make up units for a number without any: equal words and numbers get the same units."""
    return [f"{words} {number}: {place}" for place in range(number)]


def _total(attrition: Sequence[Step], basis: str) -> Sequence[str]:
    steps = [step for step in attrition if (step.stage, step.unit) == ("analysed", basis)]
    return steps[0].units if steps else ()


def _add_steps(cells: CellSheet, attrition: Sequence[Step]) -> None:
    """Add the flow of procedures, lesions and patients: other steps are never released."""
    flow = {place: step for place, step in enumerate(attrition) if step.stage in FLOW and step.n}
    for place, step in flow.items():
        ids = step.units or _of_step(step, list(flow.values()))
        words = f"{step.stage}: {step.reason}" if step.reason else step.stage
        cells.steps[place] = cells.cell(step.unit, ids, words, TOTAL)
        _add_row(cells, _row(cells.steps[place], dict.fromkeys(ids, TREATED)))


def _of_step(step: Step, flow: Sequence[Step]) -> Collection[str]:
    """Return the units of a step without units: a whole has those of its parts."""
    if (step.stage, step.unit) == ("analysed", "lesion"):
        return _made_up("analysed lesions", step.n or 0)
    parts = [part for part in flow if _is_part(part, step)]
    if parts and sum(part.n or 0 for part in parts) == step.n:
        return [unit for part in parts for unit in part.units or _of_step(part, flow)]
    return _made_up(f"{step.unit} {step.stage} {step.reason}", step.n or 0)


def _is_part(part: Step, whole: Step) -> bool:
    by_whole = {
        ("treated", "lesion"): (("excluded", "lesion"), ("analysed", "lesion")),
        ("treated", "patient"): (("excluded", "patient"), ("analysed", "patient")),
        (PROCEDURES, "procedure"): (("no lesion", "procedure"), ("treated", "lesion")),
    }
    return (part.stage, part.unit) in by_whole.get((whole.stage, whole.unit), ())
