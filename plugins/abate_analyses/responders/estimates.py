"""The shares of responders, each with the denominator in its name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from abate import Estimate
from abate_analyses.responders.endpoints import RESPONSES, Response
from abate_analyses.responders.units import JudgedPairs
from abate_analyses.shared.counts import Whole, count
from abate_analyses.statistics.intervals import clopper_pearson, wilson

EXACT = "proportion of observed cases, exact interval (Clopper-Pearson)"
WILSON = "proportion of observed cases, Wilson interval"
MISSING = "sensitivity: missing counts as no response; proportion, exact interval (Clopper-Pearson)"
CARRIED = (
    "sensitivity: last observation carried forward to the endpoint; proportion, exact interval "
    "(Clopper-Pearson)"
)
NOT_COUNTED = "the attrition table does not count the treated lesions"
EMPTY = "there are no such lesions"
AT_ZERO = "without a reference of 0"

OF_ANALYSED = "of-analysed"
OF_TREATED = "of-treated"
OF_HIGH = "of-reference-4"
LOCF = "locf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The denominators of the responses.

    Attributes:
        pairs: lesions with a reference and an endpoint: the main denominator, observed cases.
        high: those of the pairs with a reference of 4 or more.
        carried: the pairs, and lesions with an earlier score carried forward.
        analysed: all analysed lesions.
        treated: all treated lesions.
        zeros: the number of analysed lesions with score 0 at the endpoint.
        at_zero: the number of analysed lesions with a reference of 0.
        excluded_at_zero: the number of treated lesions with a reference of 0 that are excluded.
    """

    pairs: JudgedPairs
    high: JudgedPairs
    carried: JudgedPairs
    analysed: Whole
    treated: Whole
    zeros: int
    at_zero: int
    excluded_at_zero: int

    @property
    def counted(self) -> Whole:
        """The treated lesions, or the analysed ones if the treated were not counted."""
        return self.treated if self.treated.n else self.analysed

    def count_responders(self, response: Response) -> int:
        """Return the number of analysed lesions that responded."""
        return self.pairs.number(response) if response.of_change else self.zeros

    def denominator(self, whole: Whole, response: Response) -> Whole:
        """Return `whole` as the denominator of this response."""
        if not response.of_reference:
            return whole
        excluded = self.excluded_at_zero if whole is self.treated else 0
        n = max(0, whole.n - self.at_zero - excluded)
        return Whole(n=n, population=f"{whole.population}, {AT_ZERO}")


def estimates(groups: Groups) -> Iterator[Estimate]:
    """Return each response over each denominator."""
    of_pairs = Whole(n=groups.pairs.frame.height, population=groups.pairs.population)
    yield count("lesions-analysed", groups.analysed.n, groups.counted)
    yield count("reference-0", groups.pairs.at_zero, of_pairs, "lesions with a reference of 0")
    for response in RESPONSES:
        yield from _of(response, groups)


def _of(response: Response, groups: Groups) -> Iterator[Estimate]:
    number, whole = groups.pairs.number(response), groups.pairs.whole(response)
    yield proportion(response, number, whole)
    yield _by_wilson(response, number, whole)
    yield proportion(response, groups.high.number(response), groups.high.whole(response), OF_HIGH)
    responded = groups.count_responders(response)
    of_analysed = groups.denominator(groups.analysed, response)
    yield proportion(response, responded, of_analysed, OF_ANALYSED, MISSING)
    yield _of_treated(response, responded, groups)
    carried = groups.carried
    yield proportion(response, carried.number(response), carried.whole(response), LOCF, CARRIED)


def _of_treated(response: Response, responded: int, groups: Groups) -> Estimate:
    of_treated = groups.denominator(groups.treated, response)
    if of_treated.n < groups.denominator(groups.analysed, response).n:
        empty = Whole(n=0, population=of_treated.population)
        return replace(proportion(response, 0, empty, OF_TREATED, MISSING), note=NOT_COUNTED)
    return proportion(response, responded, of_treated, OF_TREATED, MISSING)


def proportion(
    response: Response, number: int, whole: Whole, suffix: str = "", method: str = EXACT
) -> Estimate:
    """Return the share of responders, with the Clopper-Pearson interval."""
    return Estimate(
        name=f"{response.name}-{suffix}" if suffix else response.name,
        label=f"{response.label}, {suffix.replace('-', ' ')}" if suffix else response.label,
        value=number / whole.n if whole.n else None,
        n=whole.n,
        interval=clopper_pearson(number, whole.n),
        method=method,
        population=whole.population,
        note="" if whole.n else EMPTY,
        statistic="proportion",
        counts={"numerator": number},
    )


def _by_wilson(response: Response, number: int, whole: Whole) -> Estimate:
    """Return the same share with Wilson's interval; its numerator is that of the response."""
    return Estimate(
        name=f"{response.name}-wilson",
        label=f"{response.label}, Wilson interval",
        value=number / whole.n if whole.n else None,
        n=whole.n,
        interval=wilson(number, whole.n),
        method=WILSON,
        population=whole.population,
        note="" if whole.n else EMPTY,
        statistic="proportion",
        counts={response.name: number},
    )
