"""What an analysis is, and what it gives back.

An `Analysis` is a frozen dataclass: its fields are its parameters, `run` does the work.
Results are frozen dataclasses too, so that they can be kept, compared and published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from abate.cohort import Cohort

Cell = str | int | float | None


@runtime_checkable
class Analysis(Protocol):
    """One question to a cohort. The fields of the class are its parameters."""

    name: ClassVar[str]

    def run(self, cohort: "Cohort") -> "Result":
        """Answer the question; `Result.not_estimable` is an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A low and a high end, and what they are: 'quartiles', '95 % confidence', 'range'."""

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
        n: how many units it was computed from.
        method: the method's whole name, as a reviewer would write it.
        population: which units they are, in words.
        unit: the unit of `value` as a UCUM code: `{score}`, `{lesion}`, `a`, `1` (the default).
        label: a title for people; the name serves without it.
        interval: an interval around, or a spread beside, the value.
        p: a two-sided p-value.
        note: what else a reader must know.
    """

    name: str
    value: float | None
    n: int
    method: str
    population: str
    unit: str = "1"
    label: str = ""
    interval: Interval | None = None
    p: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for people: a title, column heads, rows of cells."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an analysis found: estimates, tables, notes; or why nothing can be estimated."""

    estimates: Sequence[Estimate] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    reason: str | None = None

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
