"""The contract of an analysis, and its result.

An `Analysis` is a frozen dataclass: its fields are its parameters, `run` does the work.
Results are frozen dataclasses too, so that they can be kept, compared and published.

Only estimates hold numbers: tables and charts cite them (`Ref`). A rule of small cells that is
applied to the estimates therefore covers everything that is released.
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
# `Estimate.n` is None if a release withholds it. For a type checker it is the `int` that an
# analysis gives, so that an author can compute with it; msgspec also accepts None, from a
# release. Code that reads a release uses `Estimate.visible_n`.
WITHHELD_N: Final = cast("int", None)


@runtime_checkable
class Analysis(Protocol):
    """A question to a cohort. The fields of the class are its parameters."""

    name: ClassVar[str]

    def run(self, cohort: "Cohort") -> "Result":
        """Answer the question; `Result.not_estimable` is an answer, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A low and a high end, and their kind: 'quartiles', '95 % confidence', 'range'.

    The ends of a `range` are the values of single units: small-cell rules withhold them.
    """

    low: float
    high: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with what a reader needs to judge it.

    Attributes:
        name: its name within the result. It becomes part of the published identifier, so it must
            not depend on the data.
        value: the number; None if it cannot be estimated (give the reason in `note`).
        n: the number of units that it was computed from. In a release n may be withheld: read
            `visible_n`.
        method: the full name of the method, as a reviewer would write it.
        population: which units they are, in words; the same words for the same units.
        unit: the unit of `value` as a UCUM code: `{score}`, `{lesion}`, `a`, `1` (the default).
        label: a title for people; defaults to the name.
        interval: an interval around, or a spread beside, the value.
        p: a two-sided p-value.
        note: further information for the reader, in general words: no number, no single unit.
        statistic: the kind of number.
        basis: what `n` and `counts` count.
        counts: what it was computed from: parts of the `n` units by name, as
            `{"falls": 8, "rises": 1}`; each may be small, and then hides the estimate.
        cases: sentences that name single units, as 'lesion 6 at M5: 6, above its reference 2'.
        depends_on: names of other estimates of the result that it was computed from: if one of
            them is withheld, it is withheld too.
        from_data: whether its name comes from the data, as that of a complication does: if it is
            withheld, a release leaves it out.
        individual: whether the value is that of a single unit, such as a longest time.
        key: whether it is one of the main estimates, which are shown first, on the page and in the
            conclusion. If no estimate of a result is key, the first one is.
        withheld: in a release: the rule that hides value, interval, p and counts.
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
        """`n`; None if a release withholds it."""
        return self.n

    @property
    def without_value(self) -> str:
        """The reason why there is no value: a test may have only a p-value."""
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

    If small cells are hidden, a release leaves out each row that cites no estimate, or cites a
    withheld one.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as a Vega-Lite specification, with separate data.

    Attributes:
        name: its name within the result.
        title: a heading for people.
        alt: a description for readers who cannot see the chart: no number, no single unit.
        spec: Vega-Lite without values: it names data sets, as `{"data": {"name": "course"}}`.
            The page sets colours, fonts and sizes.
        data: the data sets by name: rows of cells. If small cells are hidden, a release leaves out
            each row that cites no estimate (such as the line of one lesion), or cites a withheld
            one.
    """

    name: str
    title: str
    alt: str
    spec: Mapping[str, Any]
    data: Mapping[str, Sequence[Mapping[str, Cell]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Deprecated and not used: a population split into parts, as plugins of version 0.1 give it.

    Attributes:
        whole: the population that is split, in the words of `Estimate.population`.
        parts: the number of units in each part. The name of a part is a population, or
            `POPULATION: COUNT` for a count of an estimate (`POPULATION: NAME` for the numerator of
            a proportion and the value of a count). Parts with other names are not shown, and their
            numbers must not follow from the shown ones.
        basis: the unit that is counted.
    """

    whole: str
    parts: Mapping[str, int]
    basis: Basis = "lesion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A proportion that is also published as a FHIR Measure with its MeasureReport.

    All numbers come from estimates: the proportion's `n` is the denominator, its count
    `numerator` the numerator.

    Attributes:
        estimate: the name of the proportion.
        initial: the name of the estimate whose value is the initial population.
        title: the title of the Measure.
        criteria: the criteria of `initial-population`, `denominator` and `numerator`.
        improvement: whether a higher or a lower proportion is better.
        strata: the proportion of each stratum, by stratifier (`adjunct`, `site-group`).
    """

    estimate: str
    initial: str
    title: str
    criteria: Mapping[str, str]
    improvement: Literal["increase", "decrease"] = "increase"
    strata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of an analysis: estimates, tables, charts, notes; or why it is not estimable.

    Attributes:
        estimates: all numbers.
        tables: tables for people, which cite estimates.
        charts: charts, which cite estimates, too.
        notes: further information for the reader.
        reason: why nothing can be estimated.
        splits: deprecated: accepted from plugins of version 0.1, and not used.
        measures: proportions that are also published as a FHIR Measure.
        units: the units that each estimate was computed from, by its name: `Units`, or a
            collection of their ids. If small cells are hidden, an estimate without units is never
            released, unless the study is synthetic. Units are kept in a separate private file and
            are never published.
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
        """Return the result of an analysis whose cohort has too little data: it is not an error."""
        return cls(reason=reason)

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate called `name`.

        Raises:
            KeyError: it does not exist.
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
        """Return the number that `ref` cites; None if it is missing or withheld.

        Raises:
            KeyError: the estimate or the field does not exist.
        """
        return number_of(self[ref.estimate], ref.field)


def number_of(estimate: Estimate, name: str) -> float | None:
    """Return a number of `estimate`: `value`, `n`, `p`, `low`, `high`, `count:…`, `percent:…`.

    Raises:
        KeyError: the estimate does not have this number.
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
    """Return a count of an estimate, or its percentage of n."""
    if estimate.withheld:
        return None
    part = estimate.counts[count]
    if not is_percent:
        return part
    return 100 * part / estimate.n if estimate.n else None
