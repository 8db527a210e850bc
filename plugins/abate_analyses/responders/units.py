"""The lesions of each denominator, and those of them that responded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from abate import Cohort, LastOf, Pairs, Units
from abate.cohort.data import units_of
from abate.cohort.endpoint import Endpoint
from abate.cohort.visit_states import NOT_SCORED, SCORED
from abate.config.visits import BASELINE, SAME_DAY_AFTER
from abate_analyses.responders.endpoints import RESPONSES, Response
from abate_analyses.shared.counts import LESIONS, Whole
from abate_analyses.shared.treated import TREATED_LESIONS, select_treated
from abate_analyses.shared.units import STATE
from abate_analyses.statistics.exact_integers import POINT

FIRST = "first"
_LEAST_REFERENCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPairs:
    """Lesions with a reference and an endpoint.

    Attributes:
        frame: one row per lesion: lesion_id, site_group, above_zero, 4_or_more (of the reference),
            reference_datum, endpoint_datum, and whether each response holds, under its name.
        population: which lesions these are, in words.
        all_above_zero: whether each reference is above 0, by the words of the population.
        among: if they were chosen by their states at a visit, the ids of all candidates.
    """

    frame: pl.DataFrame
    population: str
    all_above_zero: bool = False
    among: Sequence[str] = ()

    def whole(self, response: Response) -> Whole:
        """Return the denominator of a response: the lesions for which it is defined."""
        if self.all_above_zero or not response.of_reference:
            return Whole(n=self.frame.height, population=self.population)
        return Whole(n=int(self.frame["above_zero"].sum()), population=above_zero(self.population))

    def number(self, response: Response) -> int:
        """Return the number that responded."""
        return int(self.frame[response.name].sum())

    def where(self, kept: pl.Expr, words: str) -> "JudgedPairs":
        """Return the lesions that match `kept`."""
        return replace(
            self, frame=self.frame.filter(kept), population=f"{self.population}, {words}"
        )

    @property
    def at_zero(self) -> int:
        """Return the number of lesions with a reference of 0."""
        return int((~self.frame["above_zero"]).sum())

    @property
    def units(self) -> Units:
        """Return these lesions, each with the data of its change."""
        units = units_of(self.frame, "lesion_id", "reference_datum", "endpoint_datum")
        return replace(units, among=dict.fromkeys(self.among, STATE))

    def ids(self, kept: pl.Expr) -> list[str]:
        """Return the ids of the lesions that match `kept`."""
        return self.frame.filter(kept)["lesion_id"].to_list()

    def with_high_reference(self) -> "JudgedPairs":
        """Return the lesions with a reference of 4 or more, as trials require."""
        high = self.where(pl.col("4_or_more"), "whose reference is 4 or more")
        return replace(high, all_above_zero=True)


def above_zero(population: str) -> str:
    """Return the name of the lesions whose fall in percent is defined."""
    return f"{population}, whose reference is above 0"


def judge_pairs(pairs: Pairs) -> JudgedPairs:
    """Apply every definition to each pair."""
    return JudgedPairs(frame=_judge(pairs.frame), population=pairs.population)


def carry_forward(cohort: Cohort, pairs: Pairs, reference: str, endpoint: Endpoint) -> JudgedPairs:
    """Return the pairs, and lesions without an endpoint whose last earlier score is carried to it.

    No score is carried past death or re-treatment, or to a visit that is not yet due.
    """
    frame, among = pairs.frame, list[str]()
    population = f"{pairs.population}, or an earlier score carried forward to it"
    visits = _up_to(cohort, endpoint)
    if visits:
        earlier = cohort.pairs(reference=reference, endpoint=LastOf((SAME_DAY_AFTER, *visits)))
        carried = earlier.frame.join(frame, on="lesion_id", how="anti", maintain_order="left")
        followed = carried.join(_follow(cohort, visits[-1]), on="lesion_id", how="semi")
        frame = pl.concat([frame, followed])
        among = [*pairs.frame["lesion_id"], *carried["lesion_id"]]
    return JudgedPairs(frame=_judge(frame), population=population, among=among)


def _up_to(cohort: Cohort, endpoint: Endpoint) -> tuple[str, ...]:
    """Return the visits after the procedure up to the endpoint's last one."""
    named = endpoint.last_of if isinstance(endpoint, LastOf) else (endpoint,)
    last = max(
        (cohort.visits.index(visit) for visit in named if visit in cohort.visits), default=-1
    )
    return tuple(visit for visit in cohort.visits[: last + 1] if visit != BASELINE)


def _follow(cohort: Cohort, visit: str) -> pl.DataFrame:
    states = cohort.visit_states()
    here = pl.col("state").is_in([SCORED, NOT_SCORED])
    return states.filter((pl.col("visit") == visit) & here)


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    reference, endpoint = (
        (pl.col(name) * POINT).round().cast(pl.Int64) for name in ("reference", "endpoint")
    )
    return frame.select(
        "lesion_id",
        "site_group",
        "reference_datum",
        "endpoint_datum",
        (reference > 0).alias("above_zero"),
        (reference >= _LEAST_REFERENCE * POINT).alias("4_or_more"),
        *(response.holds(reference, endpoint).alias(response.name) for response in RESPONSES),
    ).with_columns(
        pl.col(response.name) & pl.col("above_zero")
        for response in RESPONSES
        if response.of_reference
    )


def alone_at_zero(cohort: Cohort, reference: str, endpoint: Endpoint) -> list[str]:
    """Return the analysed lesions with a reference of 0 and without an endpoint."""
    ended = cohort.at(endpoint).frame.select("lesion_id")
    analysed = _references(cohort, reference).join(cohort.analysed, on="lesion_id", how="semi")
    alone = analysed.join(ended, on="lesion_id", how="anti")
    return alone.filter((pl.col("value") * POINT).round() == 0)["lesion_id"].to_list()


def find_excluded_at_zero(cohort: Cohort, reference: str) -> list[str]:
    """Return the treated lesions that are excluded from the analysis and have a reference of 0."""
    excluded = select_treated(cohort).filter(pl.col("excluded_by").is_not_null())
    zeros = _references(cohort, reference).filter((pl.col("value") * POINT).round() == 0)
    return zeros.join(excluded, on="lesion_id", how="semi")["lesion_id"].to_list()


def _references(cohort: Cohort, reference: str) -> pl.DataFrame:
    """Return the reference of each lesion with one, the excluded ones too: lesion_id, value."""
    is_chosen = pl.col("chosen")
    if reference != FIRST:
        is_chosen &= pl.col("visit") == reference
    scores = cohort.scores.filter(is_chosen).sort("at", "score_id")
    keep: Literal["first", "last"] = "first" if reference == FIRST else "last"
    return scores.unique("lesion_id", keep=keep, maintain_order=True)


def count_treated(cohort: Cohort) -> Whole:
    """Return the number of treated lesions in the attrition table."""
    rows = cohort.attrition.filter((pl.col("stage") == "treated") & (pl.col("unit") == "lesion"))
    return Whole(n=int(rows["n"].sum()), population=TREATED_LESIONS)


def count_analysed(cohort: Cohort) -> Whole:
    """Return the number of analysed lesions."""
    return Whole(n=cohort.analysed.height, population=LESIONS)
