"""A plugin that is checked by mypy strict (`make types`) and run by the tests: no cast in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar

from abate import Analysis, Cohort, Estimate, ReportContext, Result, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanChange:
    """The mean of the change, and how many of the pairs rose."""

    name: ClassVar[str] = "mean-change"
    endpoint: str = "Wk1"

    def run(self, cohort: Cohort) -> Result:
        pairs = cohort.pairs(endpoint=self.endpoint)
        mean = Estimate(
            name="mean",
            value=fmean(pairs.changes),
            n=len(pairs),
            method="arithmetic mean",
            population=pairs.population,
            unit="{score}",
            statistic="mean",
        )
        rises = sum(change > 0 for change in pairs.changes)
        share = Estimate(
            name="not-risen",
            value=1 - rises / mean.n,
            n=mean.n,
            method="share",
            population=pairs.population,
            statistic="proportion",
            counts={"numerator": mean.n - rises},
            key=True,
        )
        units = pairs.units
        risen = pairs.frame.filter(pairs.frame["change"] <= 0)["lesion_id"]
        return Result(
            estimates=[mean, share],
            units={"mean": units, "not-risen": units.counting({"numerator": risen})},
        )


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    return [MeanChange]


@hookimpl
def render_report(result: Result, context: ReportContext) -> Sequence[Mapping[str, Any]] | None:
    n = result["mean"].visible_n
    words = "few" if n is None else str(n)
    tell(f"render {context.analysis} {context.use} {context.report} of {words}", context)
    return None


@hookimpl
def report_written(result: Result, references: Sequence[str], context: ReportContext) -> None:
    done = [context.changes[one] for one in references]
    names = [one.name for one in result.key_estimates]
    tell(f"written {names} {done} {context.changes[context.report]}", context)


def tell(words: str, context: ReportContext) -> None:
    whose = f"{context.study} {'primary' if context.is_primary else 'other'} {context.target}"
    with Path(environ["STRICT_NOTES"]).open("a", encoding="utf-8") as file:
        file.write(f"{words}; {whose}\n")
