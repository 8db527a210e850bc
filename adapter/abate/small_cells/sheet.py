"""The cells of one run's results: every count that a figure, a total or a step shows.

How cells are named, so that a `Split` can name them:

- a population's number is named in the words of `Estimate.population`;
- a count of an estimate is `POPULATION: COUNT`;
- the numerator of a proportion, and the value of a count estimate, is `POPULATION: NAME`, NAME
  being the estimate's; a split may say `POPULATION: numerator`, too;
- all other names in a split are units that are not shown. The same words are the same units.

Two numbers of one name are two cells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from abate.analysis import Estimate, Split
from abate.counted import NUMERATOR, basis_of, counts_of
from abate.errors import PublishRefused
from abate.results import Results, Step
from abate.small_cells.rule import Rule
from abate.small_cells.system import Builder, Cell, System

# The first words name the cell; the others are the same units in other words.
ANALYSED = {
    "lesion": ("analysed lesions", "lesions analysed"),
    "patient": ("patients with an analysed lesion", "analysed patients", "patients analysed"),
}
TREATED = {
    "lesion": ("treated lesions", "lesions treated"),
    "patient": ("treated patients", "patients treated"),
}
PROCEDURES = "index procedures"
FLOW = (PROCEDURES, "no lesion", "treated", "excluded", "analysed")
# What is lost: a total is dearer than a figure, and a figure of the primary analysis than others.
TOTAL, PRIMARY, SECONDARY = 20.0, 4.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """The cells that one estimate shows: its n, and its counts by name."""

    n: int
    counts: Mapping[str, int]

    @property
    def cells(self) -> tuple[int, ...]:
        """All of them."""
        return self.n, *self.counts.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The cells of results, and where each stands.

    Attributes:
        system: the cells.
        names: what each counts, in words that may be printed.
        estimates: by the outcome's place and the estimate's name.
        steps: by place in the attrition table; rows that are left out have none.
        totals: the analysed `patient` and `lesion`.
    """

    system: System
    names: Sequence[str]
    estimates: Mapping[tuple[int, str], Mention]
    steps: Mapping[int, int]
    totals: Mapping[str, int]


def sheet(results: Results, rule: Rule) -> Sheet:
    """The cells of results.

    Raises:
        PublishRefused: a split does not add up to the population that it names.
    """
    work = _Work(Builder(rule))
    totals = {
        basis: work.builder.shown(Cell(basis, ANALYSED[basis][0], number), TOTAL)
        for basis, number in (("patient", results.patients), ("lesion", results.lesions))
        if number is not None
    }
    steps = _steps(work.builder, results.attrition)
    for place, outcome in enumerate(results.outcomes):
        weight = PRIMARY if outcome.primary else SECONDARY
        for estimate in outcome.result.estimates if outcome.result else ():
            work.estimates[place, estimate.name] = work.mention(estimate, weight)
    for outcome in results.outcomes:
        for split in outcome.result.splits if outcome.result else ():
            work.split(split)
    work.same_words()
    work.rests(totals)
    return Sheet(
        system=work.builder.built(),
        names=[f"{cell.name} ({cell.basis})" for cell in work.builder.index],
        estimates=work.estimates,
        steps=steps,
        totals=totals,
    )


@dataclass(slots=True)
class _Work:
    builder: Builder
    estimates: dict[tuple[int, str], Mention] = field(default_factory=dict)
    populations: dict[Cell, int] = field(default_factory=dict)
    numerators: dict[Cell, list[int]] = field(default_factory=dict)
    parts: set[tuple[str, str]] = field(default_factory=set)

    def mention(self, estimate: Estimate, weight: float) -> Mention:
        basis, n = basis_of(estimate), estimate.n or 0
        population = Cell(basis, estimate.population, n)
        whole = self.builder.shown(population, weight)
        self.populations[population] = whole
        counts = {}
        for name, count in counts_of(estimate).items():
            named = Cell(basis, f"{estimate.population}: {name}", count)
            counts[name] = self.builder.shown(named, weight)
            if count <= n:
                self._rest(
                    Cell(basis, f"{estimate.population}: not {name}", n - count),
                    whole,
                    counts[name],
                )
        if estimate.statistic == "proportion" and estimate.name in counts:
            self._numerator(population, counts[estimate.name], estimate)
        return Mention(n=whole, counts=counts)

    def _rest(self, rest: Cell, whole: int, part: int) -> None:
        """The units beside a part: where they are few, the part is hidden with them."""
        self.builder.sum(whole, (part, self.builder.atom(rest)))
        if 0 < rest.value < self.builder.rule.minimum:
            self.builder.forced.add(part)

    def _numerator(self, population: Cell, cell: int, estimate: Estimate) -> None:
        value = counts_of(estimate)[estimate.name]
        alias = Cell(population.basis, f"{population.name}: {NUMERATOR}", value)
        self.numerators.setdefault(alias, []).append(cell)

    def split(self, split: Split) -> None:
        self._refuse_wrong_sum(split)
        whole = Cell(split.basis, split.whole, sum(split.parts.values()))
        parts = [Cell(split.basis, name, count) for name, count in split.parts.items()]
        self.builder.sum(self._found(whole), [self._found(part) for part in parts])
        if split.whole not in split.parts:
            self.parts.update((part.basis, part.name) for part in parts)

    def _found(self, cell: Cell) -> int:
        """The cell of a name in a split; where it could be one of several, they are one."""
        first, *others = self.numerators.get(cell) or [self.builder.atom(cell)]
        for other in others:
            self.builder.sum(first, [other])
        return first

    def _refuse_wrong_sum(self, split: Split) -> None:
        total = sum(split.parts.values())
        known = [
            cell.value
            for cell in self.populations
            if (cell.basis, cell.name) == (split.basis, split.whole)
        ]
        if known and total not in known:
            raise PublishRefused(
                f"the parts of the split of {split.whole!r} do not add up to its number, so that "
                "small cells cannot be hidden: the analysis that gives the split must be mended."
            )

    def same_words(self) -> None:
        """Other words for the analysed and for the treated are the same cells."""
        for basis in ("lesion", "patient"):
            for words in (ANALYSED[basis], TREATED[basis]):
                found = [cell for cell in self.builder.index if _is_named(cell, basis, words)]
                for one in found:
                    for other in found:
                        if one < other and one.value == other.value:
                            self.builder.sum(self.builder.index[one], [self.builder.index[other]])

    def rests(self, totals: Mapping[str, int]) -> None:
        """The analysed who are not of a population: they must not follow, either."""
        for cell, number in self.populations.items():
            known = (*ANALYSED.get(cell.basis, ()), *TREATED.get(cell.basis, ()))
            if cell.basis not in totals or (cell.basis, cell.name) in self.parts:
                continue
            whole = list(self.builder.index)[totals[cell.basis]]
            if cell.name not in known and cell.value <= whole.value:
                rest = Cell(cell.basis, f"{whole.name}: not {cell.name}", whole.value - cell.value)
                self.builder.sum(totals[cell.basis], (number, self.builder.atom(rest)))


def _is_named(cell: Cell, basis: str, words: Sequence[str]) -> bool:
    return cell.basis == basis and cell.name in words


def _steps(builder: Builder, attrition: Sequence[Step]) -> dict[int, int]:
    """The cells of the attrition table: only the flow of procedures, lesions and patients."""
    found = {
        place: builder.shown(_step_cell(step, step.n), TOTAL, exists=step.n > 0)
        for place, step in enumerate(attrition)
        if step.stage in FLOW and step.n is not None
    }
    for whole, parts in (
        (("treated", "lesion"), (("excluded", "lesion"), ("analysed", "lesion"))),
        (("treated", "patient"), (("excluded", "patient"), ("analysed", "patient"))),
        ((PROCEDURES, "procedure"), (("no lesion", "procedure"), ("treated", "lesion"))),
    ):
        wholes = list(_at(attrition, found, *whole))
        summed = [place for part in parts for place in _at(attrition, found, *part)]
        if len(wholes) == 1 and attrition[wholes[0]].n == _total(attrition, summed):
            builder.sum(found[wholes[0]], [found[place] for place in summed])
    return found


def _at(
    attrition: Sequence[Step], found: Mapping[int, int], stage: str, unit: str
) -> Iterator[int]:
    for place in found:
        if (attrition[place].stage, attrition[place].unit) == (stage, unit):
            yield place


def _total(attrition: Sequence[Step], places: Sequence[int]) -> int:
    return sum(attrition[place].n or 0 for place in places)


def _step_cell(step: Step, n: int) -> Cell:
    known: Mapping[str, Mapping[str, Sequence[str]]] = {"analysed": ANALYSED, "treated": TREATED}
    words = known.get(step.stage, {}).get(step.unit)
    return Cell(step.unit, words[0] if words else f"{step.stage}: {step.reason}", n)
