"""How long a first pull will take: arithmetic on what was counted and measured, and its words.

From, where the server answers several requests at once as fast as one; to, where it answers one
after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import mean, median

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One answer to a search: how long it took, how many were asked for, how many came.

    `more` says whether there is a next page, `page` is its number in the search, and `of_patient`
    says that one patient's were asked for: such a search may take a server far longer than a page
    of anybody's (HAPI on H2, 2026-11).
    """

    seconds: float
    asked: int
    resources: int
    more: bool
    page: int = 1
    of_patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a pull asks: resources on a page, requests at once, ids in a search, patients in one."""

    page_size: int
    parallel: int
    ids_a_query: int
    patients_a_query: int


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """How long a first pull will take, and what that was computed from.

    Where it is not known, `unknown` says why, and the numbers are None. `resources` is None too
    where the pull goes patient by patient, and nothing tells how many there are.
    """

    strategy: str = ""
    low_seconds: float | None = None
    high_seconds: float | None = None
    requests: int | None = None
    resources: int | None = None
    page: int | None = None
    seconds_a_request: float | None = None
    searches: int | None = None
    seconds_a_search: float | None = None
    parallel: int | None = None
    unknown: str = ""


def by_population(
    counts: Mapping[str, int], index: int, paces: Sequence[Pace], way: Way
) -> Estimate:
    """Of a pull of all that the codes find.

    Args:
        counts: resources by type.
        index: the index procedures; each is taken to be of another patient.
        paces: the answers that were measured.
        way: how the pull asks.
    """
    paces = [one for one in paces if not one.of_patient]
    if not paces:
        return Estimate(strategy="population", unknown="no page was measured")
    page = page_of(paces, way.page_size)
    requests = sum(_requests(count, page, way) for count in counts.values())
    seconds = _seconds_a_page(paces, page)
    searches = sum(_parts(count, way) for count in counts.values())
    begin = _seconds_to_begin(paces, seconds, way.page_size)
    requests += ceil(index / way.ids_a_query)
    made = _spread(requests, seconds, way.parallel, searches=searches, begin=begin)
    return msgspec.structs.replace(
        made, strategy="population", resources=sum(counts.values()) + index, page=page
    )


def by_patient(types: int, index: int, paces: Sequence[Pace], way: Way) -> Estimate:
    """Of a pull patient by patient: so many types for each.

    Args:
        types: how many types are asked for of each patient.
        index: the index procedures; each is taken to be of another patient.
        paces: the answers that were measured.
        way: how the pull asks.
    """
    measured = [one.seconds for one in paces if one.of_patient]
    if not measured:
        return Estimate(strategy="patient", unknown="no search for one patient was measured")
    page = page_of(paces, way.page_size)
    requests = ceil(index / page) + ceil(index / way.ids_a_query)
    requests += types * ceil(index / way.patients_a_query)
    # The mean: types differ in what they take, and the sum of all counts.
    made = _spread(requests, mean(measured), way.parallel)
    return msgspec.structs.replace(made, strategy="patient", page=page)


def page_of(paces: Sequence[Pace], asked: int) -> int:
    """How many resources a page has, where so many are asked for."""
    cut = [one.resources for one in paces if one.more and one.asked >= asked]
    return max(1, min(asked, *cut)) if cut else asked


def words(estimate: Estimate) -> str:
    """As a sentence, with what it was computed from."""
    if estimate.low_seconds is None or estimate.high_seconds is None:
        return f"How long a first pull takes is unknown: {estimate.unknown}"
    seconds, parallel = estimate.seconds_a_request, estimate.parallel
    each = f"{seconds:.2g} s each" if seconds and seconds >= 0.01 else "less than 0.01 s each"
    begin = estimate.seconds_a_search or 0
    more = f" and {estimate.searches} searches that take {begin:.2g} s to begin"
    each += more if begin >= 0.05 else ""
    requests = f"{estimate.requests:,} requests of {each}, {parallel} at once"
    if estimate.strategy == "population":
        what = f"at most {estimate.resources:,} resources in pages of {estimate.page}"
    else:
        what = "patient by patient"
    time = span(estimate.low_seconds, estimate.high_seconds)
    return f"A first pull takes {time}: {what}, {requests}"


def span(low: float, high: float) -> str:
    """Two times, in the unit that fits the longer one; never less than it is."""
    if high <= 10:
        return "10 seconds at most"
    sizes = ((3600 * 2, 3600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))
    unit, name = next((unit, name) for least, unit, name in sizes if high >= least)
    first, last = max(1, round(low / unit)), ceil(high / unit)
    return f"about {last} {name}" if first == last else f"about {first} to {last} {name}"


def _requests(count: int, page: int, way: Way) -> int:
    """Of one type: its pages; and of what is divided, a count and a page not full for each part.

    A pull divides what is more than two of the pages that it asks for, into twice as many parts as
    it asks at once.
    """
    pages, parts = max(1, ceil(count / page)), _parts(count, way)
    return pages if parts == 1 else pages + 2 * parts


def _parts(count: int, way: Way) -> int:
    return 2 * way.parallel if count > 2 * way.page_size and way.parallel > 1 else 1


def _spread(
    requests: int, seconds: float, parallel: int, *, searches: int = 0, begin: float = 0
) -> Estimate:
    return Estimate(
        low_seconds=ceil(requests / parallel) * seconds + ceil(searches / parallel) * begin,
        high_seconds=requests * seconds + searches * begin,
        requests=requests,
        seconds_a_request=seconds,
        searches=searches,
        seconds_a_search=begin,
        parallel=parallel,
    )


def _seconds_a_page(paces: Sequence[Pace], page: int) -> float:
    """Of full pages where there are some; one that is larger than ours counts in proportion."""
    full = [one.seconds * page / one.resources for one in paces if one.resources >= page]
    return median(full or [one.seconds for one in paces if one.asked >= page] or _all(paces))


def _seconds_to_begin(paces: Sequence[Pace], seconds: float, asked: int) -> float:
    """What a search takes besides its pages: HAPI finds the rest while one waits for page 2."""
    pages = [one for one in paces if one.asked == asked]
    begun = sum(one.page == 1 for one in pages)
    return max(0.0, sum(one.seconds - seconds for one in pages) / begun) if begun else 0.0


def _all(paces: Sequence[Pace]) -> list[float]:
    return [one.seconds for one in paces]
