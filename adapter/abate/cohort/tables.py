"""The tables that an analysis gets, with the selections that most analyses need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import NamedTuple, Self

import polars as pl

from abate.cohort.data import datum, units_of
from abate.cohort.endpoint import Endpoint, LastOf
from abate.cohort.units import Units
from abate.cohort.visit_states import visit_states
from abate.config.reader import nearest
from abate.config.visits import BASELINE, SAME_DAY_AFTER
from abate.errors import StudyFileError

API_VERSION = 1


class Window(NamedTuple):
    """A visit's first day, target day and last day, in days from the index procedure."""

    first: int
    day: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Lesions with a reference and an endpoint.

    Attributes:
        frame: one row per lesion: lesion_id, label, patient_id, reference, reference_visit,
            reference_datum, endpoint, endpoint_visit, endpoint_datum (a datum is the score's id and
            value), change (endpoint - reference: a fall is negative), and the columns of
            `Cohort.lesions`; in the order of `index_start`.
        population: which lesions these are, in words.
    """

    frame: pl.DataFrame
    population: str

    def __len__(self) -> int:
        return self.frame.height

    @property
    def changes(self) -> list[float]:
        """Endpoint minus reference, in points from 0 to 10; a fall of pain is negative."""
        return self.frame["change"].to_list()

    @property
    def endpoints(self) -> list[float]:
        """The scores at the endpoint, 0 to 10."""
        return self.frame["endpoint"].to_list()

    @property
    def units(self) -> Units:
        """These lesions, each with the data of its change: for `Result.units`."""
        return units_of(self.frame, "lesion_id", "reference_datum", "endpoint_datum")

    @property
    def patient_units(self) -> Units:
        """The patients of these lesions, each with the data of all of its lesions' changes."""
        return units_of(self.frame, "patient_id", "reference_datum", "endpoint_datum")

    def where(self, column: str, *values: str) -> Self:
        """Return only the lesions with one of `values` in `column`.

        Raises:
            StudyFileError: there is no such column; names the nearest one.
        """
        self._known(column)
        population = f"{self.population}, {column.replace('_', ' ')}: {' or '.join(values)}"
        frame = self.frame.filter(pl.col(column).is_in(list(values)))
        return replace(self, frame=frame, population=population)

    def split(self, column: str, *values: str) -> tuple[list[float], ...]:
        """Return the changes of the lesions with each of `values` in `column`.

        Raises:
            StudyFileError: there is no such column; names the nearest one.
        """
        self._known(column)
        return tuple(
            self.frame.filter(pl.col(column) == value)["change"].to_list() for value in values
        )

    def _known(self, column: str) -> None:
        if column not in self.frame.columns:
            raise StudyFileError(
                f"there is no column {column!r}.{nearest(column, self.frame.columns)} "
                f"Columns: {', '.join(self.frame.columns)}."
            )

    def first_lesion_per_patient(self) -> Self:
        """Return only the first lesion of each patient, by the start of its index procedure."""
        return replace(
            self,
            frame=self.frame.unique("patient_id", keep="first", maintain_order=True),
            population=f"{self.population}, first such lesion of each patient",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByVisit:
    """The chosen scores of each visit, of analysed lesions.

    Attributes:
        frame: one row per lesion and visit: lesion_id, patient_id, visit, value, datum (the score's
            id and value), in visit order.
        visits: all visits of the study, also those without a score.
        population: which lesions these are, in words.
    """

    frame: pl.DataFrame
    visits: tuple[str, ...]
    population: str

    def __iter__(self) -> Iterator[tuple[str, list[float]]]:
        for visit in self.visits:
            yield visit, self.frame.filter(pl.col("visit") == visit)["value"].to_list()

    def units(self, visit: str) -> Units:
        """The lesions that were scored at a visit, each with its score: for `Result.units`."""
        return units_of(self.frame.filter(pl.col("visit") == visit), "lesion_id", "datum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The tables of a study. Ids are keyed pseudonyms; instants are UTC; scores are 0 to 10.

    Attributes:
        lesions: one row per index procedure, also the excluded ones (`excluded_by`).
        scores: one row per pain score linked to a lesion; `chosen` ones count for their `visit`.
        adjuncts: one row per further procedure of a lesion.
        characteristics: one row per fact of a patient, such as primary tumour or earlier
            radiotherapy.
        events: one row per complication, death or re-treatment.
        attrition: one row per step from the pulled resources to the analysed lesions.
        visits: the visits' names in the order of their days, the baseline first.
        windows: the days of each visit after the procedure.
        cutoff: the data cut-off: the last day that the data cover.
        event_kinds: the kinds of events that the study looks for (`[event.NAME]`) and that can be
            assessed; if it is empty, an empty `events` table does not mean that there were none.
        not_assessable: what the study looks for and the source cannot be searched for, such as
            `event.complication` or `condition.primary`, with the reason. An analysis must not
            count these: none in the tables does not mean that there were none.
    """

    lesions: pl.DataFrame
    scores: pl.DataFrame
    adjuncts: pl.DataFrame
    characteristics: pl.DataFrame
    events: pl.DataFrame
    attrition: pl.DataFrame
    visits: tuple[str, ...]
    windows: Mapping[str, Window] = field(default_factory=dict)
    cutoff: date = date.max
    event_kinds: tuple[str, ...] = ()
    not_assessable: Mapping[str, str] = field(default_factory=dict)

    @property
    def analysed(self) -> pl.DataFrame:
        """The lesions that are not excluded, in the order of `index_start`."""
        return self.lesions.filter(pl.col("excluded_by").is_null())

    def copy(self) -> Self:
        """Return a copy of the tables: a change in one does not change the other."""
        frames = {
            field.name: getattr(self, field.name).clone()
            for field in fields(self)
            if isinstance(getattr(self, field.name), pl.DataFrame)
        }
        return replace(self, **frames)

    def pairs(
        self,
        *,
        reference: str = BASELINE,
        endpoint: Endpoint | Mapping[str, Sequence[str]],
    ) -> Pairs:
        """Return the analysed lesions with both a reference and an endpoint.

        Args:
            reference: a visit, or `first`: the first documented score, earlier than the endpoint.
            endpoint: a visit, or `LastOf` several: the last score documented in any of them.

        Raises:
            StudyFileError: a visit is not one of the study's.
        """
        end = LastOf(tuple(endpoint["last_of"])) if isinstance(endpoint, Mapping) else endpoint
        visits = end.last_of if isinstance(end, LastOf) else (end,)
        last = self._last(visits).select(
            "lesion_id", pl.col("value").alias("endpoint"),
            pl.col("visit").alias("endpoint_visit"), pl.col("at").alias("endpoint_at"),
            datum().alias("endpoint_datum"),
        )  # fmt: skip
        first = self._reference(reference).select(
            "lesion_id", pl.col("value").alias("reference"),
            pl.col("visit").alias("reference_visit"), pl.col("at").alias("reference_at"),
            datum().alias("reference_datum"),
        )  # fmt: skip
        frame = (
            self.analysed.join(first, on="lesion_id", maintain_order="left")
            .join(last, on="lesion_id", maintain_order="left")
            .filter(pl.col("reference_at") < pl.col("endpoint_at"))
            .with_columns((pl.col("endpoint") - pl.col("reference")).alias("change"))
        )
        named = (
            "the first documented score, an earlier one,"
            if reference == "first"
            else f"a {reference} score"
        )
        return Pairs(frame=frame, population=f"analysed lesions with {named} and {_name(end)}")

    def at(self, endpoint: Endpoint) -> ByVisit:
        """Return the scores at an endpoint, of all analysed lesions that have one, as one visit.

        Raises:
            StudyFileError: a visit is not one of the study's.
        """
        visits = endpoint.last_of if isinstance(endpoint, LastOf) else (endpoint,)
        frame = self._last(visits).with_columns(pl.lit(str(endpoint)).alias("visit"))
        return ByVisit(
            frame=frame.select("lesion_id", "patient_id", "visit", "value", datum()),
            visits=(str(endpoint),),
            population=f"analysed lesions with {_name(endpoint)}",
        )

    def by_visit(self) -> ByVisit:
        """Return the chosen scores of analysed lesions, visit by visit."""
        order = pl.Enum(self.visits)
        frame = (
            self._chosen(self.visits)
            .sort(pl.col("visit").cast(order), "index_start", "lesion_id")
            .select("lesion_id", "patient_id", "visit", "value", datum())
        )
        return ByVisit(
            frame=frame, visits=self.visits, population="analysed lesions with a score at the visit"
        )

    def visit_states(self) -> pl.DataFrame:
        """Return the state of each analysed lesion at each visit, one of `visit_states.STATES`.

        Returns:
            One row per lesion and visit: lesion_id, patient_id, visit, state; in visit order.
        """
        return visit_states(self)

    def _chosen(self, visits: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the chosen scores of analysed lesions, at all visits or at some."""
        is_chosen = pl.col("chosen") if visits is None else _at(visits)
        analysed = self.analysed.select("lesion_id", "patient_id", "index_start")
        return self.scores.filter(is_chosen).join(analysed, on="lesion_id")

    def _last(self, visits: Sequence[str]) -> pl.DataFrame:
        for visit in visits:
            self._known(visit)
        scores = self._chosen(visits).sort("at", "score_id")
        return scores.unique("lesion_id", keep="last", maintain_order=True)

    def _reference(self, reference: str) -> pl.DataFrame:
        if reference != "first":
            return self._last([reference])
        scores = self._chosen().sort("at", "score_id")
        return scores.unique("lesion_id", keep="first", maintain_order=True)

    def _known(self, visit: str) -> None:
        if visit not in (*self.visits, SAME_DAY_AFTER):
            raise StudyFileError(
                f"there is no visit {visit!r}.{nearest(visit, self.visits)} "
                f"Visits: {', '.join(self.visits)}."
            )


def _at(visits: Sequence[str]) -> pl.Expr:
    return pl.col("chosen") & pl.col("visit").is_in(list(visits))


def _name(endpoint: Endpoint) -> str:
    return str(endpoint) if isinstance(endpoint, LastOf) else f"a {endpoint} score"
