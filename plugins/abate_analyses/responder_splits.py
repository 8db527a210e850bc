"""How the lesions of the responders' denominators and numerators fall apart, for small cells."""

from collections.abc import Iterator

import polars as pl

from abate import Split
from abate_analyses import atoms
from abate_analyses.counts import Whole
from abate_analyses.responder_endpoints import RESPONSES, Response
from abate_analyses.responder_estimates import (
    LOCF,
    OF_ANALYSED,
    OF_HIGH,
    OF_TREATED,
    Groups,
)
from abate_analyses.responder_units import Asked, above_zero

_HIGH, _ABOVE_ZERO = "4_or_more", "above_zero"


def splits(groups: Groups) -> list[Split]:
    """All relations between the estimates of a run, its strata apart."""
    pairs = groups.pairs
    whole = Whole(n=pairs.frame.height, population=pairs.population)
    cells = _cells(groups)
    return [
        *_wholes(groups),
        *_above_zero(groups),
        *_directions(groups),
        *atoms.splits(pairs.frame["lesion_id"], _marks(groups), whole, cells.__getitem__),
        *(split for one in RESPONSES for split in _of(one, groups)),
    ]


def _wholes(groups: Groups) -> Iterator[Split]:
    """How the denominators are parts of each other."""
    pairs, analysed = groups.pairs, groups.analysed
    whole = Whole(n=pairs.frame.height, population=pairs.population)
    of_carried = Whole(n=groups.carried.frame.height, population=groups.carried.population)
    counted = f"{groups.counted.population}: lesions-analysed"
    yield Split(whole=counted, parts={analysed.population: analysed.n})
    if groups.treated.n:
        yield _rest(groups.treated, analysed, ": lesions-excluded")
    yield _rest(analysed, whole, ", without such a pair")
    yield _rest(of_carried, whole, ", carried forward")


def _rest(whole: Whole, part: Whole, words: str) -> Split:
    rest = max(0, whole.n - part.n)
    parts = {part.population: part.n, f"{whole.population}{words}": rest}
    return Split(whole=whole.population, parts=parts)


def _above_zero(groups: Groups) -> Iterator[Split]:
    """How many of each denominator have a reference of 0, and so no fall in percent."""
    at_zero = {f"{groups.pairs.population}: reference-0": groups.pairs.at_zero}
    carried = {f"{groups.carried.population}, reference 0": groups.carried.at_zero}
    for asked, zeros in ((groups.pairs, at_zero), (groups.carried, carried)):
        above = {above_zero(asked.population): asked.frame.height - asked.at_zero}
        yield Split(whole=asked.population, parts=above | zeros)
    yield from _above_zero_of_all(groups, at_zero)


def _above_zero_of_all(groups: Groups, at_zero: dict[str, int]) -> Iterator[Split]:
    """The same of the analysed and of the treated: some with a reference of 0 are no pairs."""
    words = f"{groups.pairs.population}, or with a reference only: reference 0"
    alone = {f"{words}, no endpoint": groups.at_zero - groups.pairs.at_zero}
    yield Split(whole=words, parts=at_zero | alone)
    [percent, *_] = [one for one in RESPONSES if one.of_reference]
    for whole in (groups.analysed, groups.treated):
        defined = groups.defined(whole, percent)
        if whole.n:
            parts = {defined.population: defined.n, words: whole.n - defined.n}
            yield Split(whole=whole.population, parts=parts)


def _directions(groups: Groups) -> Iterator[Split]:
    """The same counts as those of `paired-change`, under its names."""
    population = groups.pairs.population
    falls, ties = groups.pairs.directions()
    fell = {f"{population}: falls": falls}
    yield Split(whole=f"{population}: any-fall", parts=fell)
    yield Split(whole=f"{population}: not-worse", parts=fell | {f"{population}: ties": ties})


def _of(response: Response, groups: Groups) -> Iterator[Split]:
    """The numerators of a response over the denominators that are not parts of the pairs."""
    number, main = groups.pairs.number(response), _cell(groups.pairs, response)
    analysed = groups.defined(groups.analysed, response).population
    treated = groups.defined(groups.treated, response).population
    of_analysed = f"{analysed}: {response.name}-{OF_ANALYSED}"
    responded = groups.responded(response)
    yield Split(
        whole=of_analysed,
        parts={main: number, f"{of_analysed}, without such a pair": responded - number},
    )
    if groups.treated.n:
        of_treated = f"{treated}: {response.name}-{OF_TREATED}"
        yield Split(whole=of_treated, parts={of_analysed: responded})
    of_carried = _cell(groups.carried, response, LOCF)
    carried = groups.carried.number(response)
    yield Split(
        whole=of_carried,
        parts={main: number, f"{of_carried}, carried forward": carried - number},
    )


def _cells(groups: Groups) -> dict[str, str]:
    pairs, high = groups.pairs, groups.high
    return {
        _ABOVE_ZERO: above_zero(pairs.population),
        _HIGH: high.population,
        atoms.NOTHING: f"{pairs.population}: no response",
        **{one.name: _cell(pairs, one) for one in RESPONSES},
        **{f"{one.name}-{OF_HIGH}": _cell(high, one, OF_HIGH) for one in RESPONSES},
    }


def _cell(asked: Asked, response: Response, suffix: str = "") -> str:
    name = f"{response.name}-{suffix}" if suffix else response.name
    return f"{asked.whole(response).population}: {name}"


def _marks(groups: Groups) -> pl.DataFrame:
    """One row a lesion and mark: each response that holds, and what its reference is."""
    names = [one.name for one in RESPONSES]
    marked = groups.pairs.frame.with_columns(
        (pl.col(name) & pl.col(_HIGH)).alias(f"{name}-{OF_HIGH}") for name in names
    )
    columns = [*names, *(f"{name}-{OF_HIGH}" for name in names), _ABOVE_ZERO, _HIGH]
    long = marked.unpivot(columns, index="lesion_id", variable_name="mark", value_name="holds")
    return long.filter("holds").select("lesion_id", "mark")
