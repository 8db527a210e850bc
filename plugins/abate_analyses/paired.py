"""Paired change: did pain fall from a reference to an endpoint?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scipy.stats import binomtest

from abate import Cohort, Estimate, Interval, LastOf, Pairs, Result
from abate_analyses.quantiles import quartiles

SIGN_TEST = "exact sign test, two-sided, ties dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedChange:
    """Falls, rises and ties from `reference` to `endpoint`, with the exact sign test.

    Hypothesis: a fall is as likely as a rise. The test assumes that pairs are independent; two
    lesions of one patient are not, so the figure of each patient's first lesion stands beside.
    Do not read p as a size: see the median change, and the responders.

    Attributes:
        endpoint: a visit, or `{ last_of = [...] }`: the last score documented in any of them.
        reference: a visit, or `first`: the first documented score, earlier than the endpoint.
    """

    name: ClassVar[str] = "paired-change"
    endpoint: str | LastOf
    reference: str = "baseline"

    def run(self, cohort: Cohort) -> Result:
        """Compare the two scores of each lesion that has both."""
        pairs = cohort.pairs(reference=self.reference, endpoint=self.endpoint)
        at_endpoint = cohort.at(self.endpoint)
        scores = at_endpoint.frame["value"].to_list()
        if not len(pairs):
            return Result.not_estimable(f"there are no {pairs.population}")
        return Result(
            estimates=[
                _median("median-endpoint", scores, at_endpoint.population),
                _median("median-endpoint-of-pairs", pairs.endpoints, pairs.population),
                _median("median-change", pairs.changes, pairs.population),
                *_counts(pairs),
                _sign_test("sign-test", pairs),
                _sign_test("sign-test-first-lesion", pairs.first_lesion_per_patient()),
            ]
        )


def _median(name: str, values: Sequence[float], population: str) -> Estimate:
    first, median, third = quartiles(values)
    return Estimate(
        name=name,
        label=name.replace("-", " "),
        value=median,
        n=len(values),
        unit="{score}",
        interval=Interval(low=first, high=third, kind="quartiles"),
        method="median, with quartiles (R type 7)",
        population=population,
    )


def _counts(pairs: Pairs) -> list[Estimate]:
    counted = {
        "falls": sum(change < 0 for change in pairs.changes),
        "rises": sum(change > 0 for change in pairs.changes),
        "ties": sum(change == 0 for change in pairs.changes),
    }
    return [
        Estimate(
            name=name,
            value=number,
            n=len(pairs),
            unit="{lesion}",
            method="count of lesions",
            population=pairs.population,
        )
        for name, number in counted.items()
    ]


def _sign_test(name: str, pairs: Pairs) -> Estimate:
    """The sign test; its value is the share of falls among falls and rises."""
    population = f"{pairs.population}, whose two scores differ"
    falls = sum(change < 0 for change in pairs.changes)
    untied = sum(change != 0 for change in pairs.changes)
    if not untied:
        return Estimate(
            name=name,
            value=None,
            n=0,
            method=SIGN_TEST,
            population=population,
            note="every pair is a tie",
        )
    test = binomtest(falls, untied, 0.5, alternative="two-sided")
    interval = test.proportion_ci(confidence_level=0.95, method="exact")
    return Estimate(
        name=name,
        label=f"share of falls among falls and rises, {name.replace('-', ' ')}",
        value=falls / untied,
        n=untied,
        interval=Interval(
            low=float(interval.low),
            high=float(interval.high),
            kind="95 % confidence, Clopper-Pearson",
        ),
        p=float(test.pvalue),
        method=SIGN_TEST,
        population=population,
    )
