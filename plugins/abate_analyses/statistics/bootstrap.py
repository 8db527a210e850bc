"""The bootstrap interval of a median by patients: lesions of one patient are drawn together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20100501
FEWEST_PATIENTS = 6
_RESAMPLES_OF_MANY = 500
_MANY = 10_000
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """The 2.5th and the 97.5th percentile of the resampled medians."""

    low: float
    high: float


def resamples(n: int) -> int:
    """Return the number of resamples: fewer for large `n`, whose medians hardly differ."""
    return RESAMPLES if n <= _MANY else _RESAMPLES_OF_MANY


def median_by_patient(values: Sequence[float], patients: Sequence[str]) -> Percentiles | None:
    """Return the percentile interval of the median of `values`; None with too few patients.

    The ends are resampled medians, without interpolation (the inverse of their distribution). The
    same values give the same ends, whatever the patients' ids and the order of the rows.
    """
    pairs = sorted(zip(map(float, values), patients, strict=True))
    of_patient = defaultdict[str, list[float]](list)
    for value, patient in pairs:
        of_patient[patient].append(value)
    if len(of_patient) < FEWEST_PATIENTS:
        return None
    # Patients are numbered by their values: ids are pseudonyms, which differ from store to store.
    numbers = {
        patient: n for n, patient in enumerate(sorted(of_patient, key=lambda p: of_patient[p]))
    }
    ordered = np.array([value for value, _ in pairs])
    owner = np.array([numbers[patient] for _, patient in pairs])
    medians = np.concatenate(list(_resample(ordered, owner)))
    low, high = np.quantile(medians, [0.025, 0.975], method="inverted_cdf")
    return Percentiles(low=float(low), high=float(high))


def _resample(
    ordered: NDArray[np.float64], owner: NDArray[np.intp]
) -> Iterator[NDArray[np.float64]]:
    generator = np.random.default_rng(SEED)
    number = int(owner.max()) + 1
    at_once = max(1, _CELLS_AT_ONCE // ordered.size)
    wanted = resamples(ordered.size)
    for start in range(0, wanted, at_once):
        rows = min(at_once, wanted - start)
        drawn = generator.integers(0, number, size=(rows, number), dtype=np.int32)
        yield _medians(ordered, _times(drawn, number)[:, owner])


def _times(drawn: NDArray[np.int32], number: int) -> NDArray[np.int64]:
    """Return how often each patient was drawn: one row per resample."""
    rows = drawn.shape[0]
    places = drawn + np.arange(rows)[:, None] * number
    return np.bincount(places.ravel(), minlength=rows * number).reshape(rows, number)


def _medians(ordered: NDArray[np.float64], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the median of each row, in which each ordered value occurs the given times."""
    reached = np.cumsum(times, axis=1)
    total = reached[:, -1:]
    lower = ordered[np.argmax(reached >= (total + 1) // 2, axis=1)]
    upper = ordered[np.argmax(reached >= total // 2 + 1, axis=1)]
    middle: NDArray[np.float64] = (lower + upper) / 2
    return middle
