"""What an analysis is, and what it gives back.

An `Analysis` is a frozen dataclass: its fields are its parameters, `run` does the work.
Results are frozen dataclasses too, so that they can be kept, compared and published.

Numbers stand in estimates, and only there: tables and charts cite them (`Ref`). So one rule of
small cells, held on the estimates, holds for all that leaves the house.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Literal,
    Protocol,
    Self,
    cast,
    runtime_checkable,
)

from abate.cohort.units import Units

if TYPE_CHECKING:
    from abate.cohort.tables import Cohort

Statistic = Literal[
    "count", "proportion", "mean", "median", "difference", "test", "cumulative-incidence",
    "duration", "other",
]  # fmt: skip
Basis = Literal["lesion", "patient"]
# What `Estimate.n` is where a release withholds it. To a type checker it is the `int` that an
# analysis gives, so that an author can compute with it; msgspec takes None, too, from what was
# released. Code that reads a release reads `Estimate.visible_n`.
WITHHELD_N: Final = cast("int", None)


@runtime_checkable
class Analysis(Protocol):
    """One question to a cohort. The fields of the class are its parameters."""

    name: ClassVar[str]

    def run(self, cohort: "Cohort") -> "Result":
        """Answer the question; `Result.not_estimable` is an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A low and a high end, and what they are: 'quartiles', '95 % confidence', 'range'.

    The ends of a `range` are two single units' values: small-cell rules withhold them.
    """

    low: float
    high: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with what a reader needs to judge it.

    Attributes:
        name: its name within the result: it becomes part of the published identifier, so that
            it stays the same when the data change.
        value: the number; None where it cannot be estimated (say why in `note`).
        n: how many units it was computed from. In what is released, read `visible_n`: there n may
            be withheld.
        method: the method's whole name, as a reviewer would write it.
        population: which units they are, in words; the same words for the same units.
        unit: the unit of `value` as a UCUM code: `{score}`, `{lesion}`, `a`, `1` (the default).
        label: a title for people; the name serves without it.
        interval: an interval around, or a spread beside, the value.
        p: a two-sided p-value.
        note: what else a reader must know, in general words: no number, no single unit.
        statistic: what kind of number the value is.
        basis: what `n` and `counts` count.
        counts: what it was computed from: parts of the `n` units by name, as
            `{"falls": 8, "rises": 1}`; each may be small, and then hides the estimate.
        cases: sentences that name single units, as 'lesion 6 at M5: 6, above its reference 2'.
        depends_on: other estimates of the result that it was computed from, by name: where one of
            them is withheld, it is withheld too.
        from_data: whether its name comes from the data, as that of a complication does: where it is
            withheld, it is left out of what is released.
        individual: whether the value is one single unit's, as a longest time is.
        key: whether it is one of the few that say most of the result: they stand first, on the page
            and in the conclusion. If no estimate of a result is key, the first one is.
        withheld: in what is released: the rule that hides value, interval, p and counts.
    """

    name: str
    value: float | None
    if TYPE_CHECKING:
        n: int
    else:
        n: int | None
    method: str
    population: str
    unit: str = "1"
    label: str = ""
    interval: Interval | None = None
    p: float | None = None
    note: str = ""
    statistic: Statistic = "other"
    basis: Basis = "lesion"
    counts: Mapping[str, int] = field(default_factory=dict)
    cases: Sequence[str] = ()
    depends_on: Sequence[str] = ()
    from_data: bool = False
    individual: bool = False
    key: bool = False
    withheld: str = ""

    @property
    def visible_n(self) -> int | None:
        """`n`; None where a release withholds it."""
        return self.n

    @property
    def without_value(self) -> str:
        """Why there is no value: a test may have a p-value only."""
        return "not estimable" if self.p is None else "a test: it has a p-value only"


@dataclass(frozen=True, slots=True)
class Ref:
    """A cell of a table or of a chart's data that cites an estimate of the same result.

    `field` is `value`, `n`, `p`, an end of the interval (`low`, `high`), `count:NAME` for one of
    its counts, or `percent:NAME` for that count's percentage of n.
    """

    estimate: str
    field: str = "value"


Cell = str | int | float | None | Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for people: a title, column heads, rows of cells.

    A row that cites no estimate, or one that is withheld, is left out of what is released where
    small cells are hidden.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as a Vega-Lite specification, its data apart from it.

    Attributes:
        name: its name within the result.
        title: a heading for people.
        alt: what is drawn, in words, for who cannot see it: no number, no single unit.
        spec: Vega-Lite without values: it names data sets, as `{"data": {"name": "course"}}`.
            Colours, fonts and sizes are the page's.
        data: the data sets by name: rows of cells. A row that cites no estimate (a line of one
            lesion) is left out of what is released where small cells are hidden, and so is a row
            that cites one that is withheld.
    """

    name: str
    title: str
    alt: str
    spec: Mapping[str, Any]
    data: Mapping[str, Sequence[Mapping[str, Cell]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Deprecated, and not used: units that fall into parts, as plugins of version 0.1 name them.

    Attributes:
        whole: the population that falls apart, in the words of `Estimate.population`.
        parts: how many fall into each part. A part is named in the words of a population, or as
            `POPULATION: COUNT` for one of an estimate's counts (the numerator of a proportion, and
            the value of a count, as `POPULATION: NAME`); other names are parts that are not shown,
            and whose number must not follow from the shown ones.
        basis: what is counted.
    """

    whole: str
    parts: Mapping[str, int]
    basis: Basis = "lesion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A proportion that is published as a FHIR Measure with its MeasureReport, too.

    All numbers are those of estimates: the proportion's `n` is the denominator, its count
    `numerator` the numerator.

    Attributes:
        estimate: the name of the proportion.
        initial: the name of the estimate whose value is the initial population.
        title: of the Measure.
        criteria: what puts a unit into `initial-population`, `denominator` and `numerator`.
        improvement: whether a higher or a lower proportion is better.
        strata: by stratifier (`adjunct`, `site-group`): the proportion of each stratum.
    """

    estimate: str
    initial: str
    title: str
    criteria: Mapping[str, str]
    improvement: Literal["increase", "decrease"] = "increase"
    strata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an analysis found: estimates, tables, charts, notes; or why nothing can be estimated.

    Attributes:
        estimates: all numbers.
        tables: for people; they cite estimates.
        charts: they cite estimates, too.
        notes: what else a reader must know.
        reason: why nothing can be estimated.
        splits: deprecated: accepted from plugins of version 0.1, and not used.
        measures: proportions that are published as a FHIR Measure, too.
        units: by the name of the estimate, the units that it was computed from: `Units`, or a
            collection of their ids. An estimate without them is never released where small cells
            are hidden, unless the study is synthetic. They are kept apart from the result, in a
            private file, and are never published.
    """

    estimates: Sequence[Estimate] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    notes: Sequence[str] = ()
    reason: str | None = None
    splits: Sequence[Split] = ()
    measures: Sequence[Measured] = ()
    units: Mapping[str, Units | Collection[str]] = field(default_factory=dict)

    @classmethod
    def not_estimable(cls, reason: str) -> Self:
        """The answer of an analysis that the cohort gives nothing to: a result, not an error."""
        return cls(reason=reason)

    def __getitem__(self, name: str) -> Estimate:
        """The estimate called `name`.

        Raises:
            KeyError: there is none.
        """
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        raise KeyError(name)

    @property
    def key_estimates(self) -> list[Estimate]:
        """The estimates that are key; the first one if none is."""
        return [estimate for estimate in self.estimates if estimate.key] or list(self.estimates[:1])

    def cited(self, ref: Ref) -> float | None:
        """The number that `ref` cites; None where it is missing or withheld.

        Raises:
            KeyError: there is no such estimate, or no such field.
        """
        return number_of(self[ref.estimate], ref.field)


def number_of(estimate: Estimate, name: str) -> float | None:
    """A number of an estimate: `value`, `n`, `p`, `low`, `high`, `count:NAME`, `percent:NAME`.

    Raises:
        KeyError: it has no such number.
    """
    kind, _, count = name.partition(":")
    if kind in ("count", "percent"):
        return _share(estimate, count, is_percent=kind == "percent")
    if name in ("low", "high"):
        end: float | None = getattr(estimate.interval, name, None)
        return end
    if name not in ("value", "n", "p"):
        raise KeyError(name)
    number: float | None = getattr(estimate, name)
    return number


def _share(estimate: Estimate, count: str, *, is_percent: bool) -> float | None:
    """One of an estimate's counts, or its percentage of n."""
    if estimate.withheld:
        return None
    part = estimate.counts[count]
    if not is_percent:
        return part
    return 100 * part / estimate.n if estimate.n else None
