"""The duration of a first pull, as an order of magnitude: requests times measured seconds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil
from statistics import mean

import msgspec

from abate.config.source import Source
from abate.fhir.types import CODED_NAMES

INDEX, SCORES = "cementoplasty", "pain-intensity"
# With more pain scores than these, most belong to other patients and `auto` pulls by patient. A
# pull counts the scores of the study's patients; a survey does not know these patients.
SCORES_A_PROCEDURE = 200
FEW_SCORES = 20_000
_MAGNITUDES = ((60, "seconds"), (3600, "minutes"), (86_400, "hours"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A page of a search: its seconds, and the numbers of requested and received resources.

    A search for one patient may take far longer than a page of all patients (HAPI on H2, 2026-11).
    """

    seconds: float
    asked: int
    resources: int
    has_next: bool
    is_of_patient: bool = False


class PullEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The duration of a first pull, one request at a time; `unknown` is why it is not known.

    `magnitude` is `seconds`, `minutes`, `hours`, `more than a day`, or empty.
    """

    strategy: str = ""
    magnitude: str = ""
    requests: int | None = None
    seconds_a_request: float | None = None
    unknown: str = ""

    def __str__(self) -> str:
        """Return the estimate as a sentence, with the numbers that it was computed from."""
        if self.unknown:
            return f"How long a first pull takes is unknown: {self.unknown}."
        seconds = max(self.seconds_a_request or 0, 0.01)
        return (
            f"A first pull by strategy {self.strategy} takes {self.magnitude}: about "
            f"{self.requests:,} requests of {seconds:.2g} s."
        )


def estimate_pull(counts: Mapping[str, int | None], paces: Collection[Pace]) -> PullEstimate:
    """Estimate the duration of a pull with the default settings, by the codes that abate knows.

    Args:
        counts: the number of resources by code list; None if they were not counted.
        paces: the measured pages.
    """
    for name in (INDEX, SCORES):
        if name not in counts:
            return PullEstimate(unknown=f"nothing was counted by list:{name}")
    index, scores = counts[INDEX], counts[SCORES]
    if index is None:
        return PullEstimate(unknown="the server does not count the resources of a search by code")
    if not index:
        return PullEstimate(unknown="no index procedure has a code that abate knows")
    if scores is None or scores > max(FEW_SCORES, SCORES_A_PROCEDURE * index):
        seconds = [page.seconds for page in paces if page.is_of_patient]
        # Assumes that each index procedure belongs to another patient.
        return _estimate("patient", len(CODED_NAMES) * index, seconds)
    if uncounted := [name for name, n in counts.items() if n is None]:
        return PullEstimate(unknown=f"the server does not count list:{uncounted[0]}")
    asked = int(Source.model_fields["page_size"].default)
    pages = [page for page in paces if not page.is_of_patient and page.asked == asked]
    cut = [page.resources for page in pages if page.has_next and page.resources]
    requests = sum(ceil((n or 0) / min([asked, *cut])) or 1 for n in counts.values())
    return _estimate("population", requests, [page.seconds for page in pages])


def _estimate(strategy: str, requests: int, seconds: Collection[float]) -> PullEstimate:
    if not seconds:
        kind = "search for one patient" if strategy == "patient" else "page"
        return PullEstimate(strategy=strategy, unknown=f"no {kind} was measured")
    each = mean(seconds)
    magnitudes = (name for most, name in _MAGNITUDES if requests * each < most)
    return PullEstimate(
        strategy=strategy,
        magnitude=next(magnitudes, "more than a day"),
        requests=requests,
        seconds_a_request=each,
    )
