"""The shares of responders, each with its denominator in its name."""

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
    """The lesions that responses are asked of.

    Attributes:
        pairs: with a reference and an endpoint: the main denominator, observed cases.
        high: of these, with a reference of 4 or more.
        carried: the pairs, and those with an earlier score carried forward.
        analysed: all analysed lesions.
        treated: all treated ones.
        zeros: how many analysed lesions score 0 at the endpoint, with or without a reference.
        at_zero: how many analysed lesions have a reference of 0, with or without an endpoint.
    """

    pairs: JudgedPairs
    high: JudgedPairs
    carried: JudgedPairs
    analysed: Whole
    treated: Whole
    zeros: int
    at_zero: int

    @property
    def counted(self) -> Whole:
        """The treated lesions, or the analysed ones where nobody counted the treated."""
        return self.treated if self.treated.n else self.analysed

    def count_responders(self, response: Response) -> int:
        """How many analysed lesions responded."""
        return self.pairs.number(response) if response.of_change else self.zeros

    def denominator(self, whole: Whole, response: Response) -> Whole:
        """`whole` as the denominator of this response."""
        if not response.of_reference:
            return whole
        n = max(0, whole.n - self.at_zero)
        return Whole(n=n, population=f"{whole.population}, {AT_ZERO}")


def estimates(groups: Groups) -> Iterator[Estimate]:
    """Each response over each denominator."""
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
    """The share of responders, with the Clopper-Pearson interval."""
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
    """The same share; its numerator is that of the response, and is named so."""
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
