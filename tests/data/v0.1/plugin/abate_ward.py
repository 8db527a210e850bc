"""All that the contract of 0.1 offers, used once: the six hooks, and each class of `abate`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import environ
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

from abate import (
    API_VERSION,
    Analysis,
    Chart,
    Cohort,
    Estimate,
    Interval,
    LastOf,
    Measured,
    Pairs,
    Ref,
    Result,
    Score,
    Split,
    Table,
    hookimpl,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WardRound:
    """How many lesions are at or below a threshold at the endpoint."""

    name: ClassVar[str] = "ward-round"
    endpoint: str | LastOf = "Wk1"
    at_most: float = 3

    def run(self, cohort: Cohort) -> Result:
        if API_VERSION < 1 or not cohort.analysed.height:
            return Result.not_estimable("there are no analysed lesions")
        pairs = cohort.pairs(endpoint=self.endpoint)
        last = cohort.at(self.endpoint).frame["value"].to_list()
        if not last:
            return Result.not_estimable("no lesion has a score at the endpoint")
        return Result(
            estimates=[self._low(pairs), *self._others(cohort, pairs)],
            tables=[
                Table(
                    name="low",
                    title="Low pain",
                    columns=["what", "lesions", "of"],
                    rows=[["low pain", Ref("low", "count:numerator"), Ref("low", "n")]],
                )
            ],
            charts=[
                Chart(
                    name="course",
                    title="Median by visit",
                    alt="The median pain score at each visit.",
                    spec={
                        "data": {"name": "course"},
                        "mark": "bar",
                        "encoding": {
                            "x": {"field": "visit", "type": "nominal"},
                            "y": {"field": "median", "type": "quantitative"},
                        },
                    },
                    data={"course": [{"visit": "endpoint", "median": Ref("median")}]},
                )
            ],
            notes=["Low pain is a score of 3 or less."],
            splits=[Split(whole=pairs.population, parts=self._parts(pairs))],
            measures=[
                Measured(
                    estimate="low",
                    initial="analysed",
                    title="Low pain at the endpoint",
                    criteria={
                        "initial-population": "analysed lesions",
                        "denominator": "with both scores",
                        "numerator": "with a score of 3 or less",
                    },
                )
            ],
        )

    def _low(self, pairs: Pairs) -> Estimate:
        low = sum(score <= self.at_most for score in pairs.endpoints)
        return Estimate(
            name="low",
            value=low / len(pairs),
            n=len(pairs),
            method="proportion",
            population=pairs.population,
            statistic="proportion",
            label="Low pain",
            interval=Interval(low=0, high=1, kind="all that is possible"),
            counts={"numerator": low},
        )

    def _others(self, cohort: Cohort, pairs: Pairs) -> Iterator[Estimate]:
        yield Estimate(
            name="analysed",
            value=cohort.analysed.height,
            n=cohort.analysed.height,
            method="count",
            population="analysed lesions",
            unit="{lesion}",
            statistic="count",
        )
        yield Estimate(
            name="median",
            value=median(pairs.endpoints),
            n=len(pairs),
            method="median",
            population=pairs.population,
            unit="{score}",
            statistic="median",
            depends_on=["low"],
        )

    def _parts(self, pairs: Pairs) -> Mapping[str, int]:
        low = sum(score <= self.at_most for score in pairs.endpoints)
        return {f"{pairs.population}: numerator": low, "above": len(pairs) - low}


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    return [WardRound]


@hookimpl
def register_mappings() -> list[Traversable]:
    return [files("abate_ward_codes")]


@hookimpl
def read_score(observation: Mapping[str, Any]) -> Score | None:
    value, _, of = observation.get("valueString", "").partition(" of ")
    if of != "10":
        return None
    return Score(value=float(value), raw=observation["valueString"], scale=10, instrument="NRS")


@hookimpl(wrapper=True)
def run_analysis(analysis: Analysis) -> Iterator[None]:
    result = yield
    return replace(result, notes=[*result.notes, f"The ward has seen {analysis.name}."])


@hookimpl
def render_report(result: Result) -> Sequence[Mapping[str, Any]] | None:
    if not any(one.name == "low" for one in result.estimates):
        return None
    return [
        {
            "resourceType": "List",
            "id": "ward-round-1",
            "status": "current",
            "mode": "snapshot",
            "title": f"The ward's note on {result['low'].label}",
        }
    ]


@hookimpl
def report_written(result: Result, references: Sequence[str]) -> None:
    names = " ".join(one.name for one in result.estimates)
    with Path(environ["WARD_NOTES"]).open("a", encoding="utf-8") as file:
        file.write(f"{len(references)} references: {names}\n")
