"""The units of a run's estimates, in a private file beside `results.json`, tied to it by a digest.

`publish` runs in another process than `run`. The file holds pseudonyms and keys of data, no more
than the store beside it does, and is never published.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from abate.cohort.units import Units, as_units
from abate.errors import disk_errors

if TYPE_CHECKING:
    from abate.analysis.outcome import Outcome
    from abate.analysis.results import Results

FILE = "units.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredUnits:
    """The content of the file; equal units are stored once.

    Attributes:
        format: the version of the format.
        results: the digest of the results that the units belong to.
        units: the distinct units.
        estimates: the position in `units`, by analysis and estimate.
        steps: the units of each step of the attrition table.
        patient_of: the patient of each lesion.
    """

    format: int
    results: str
    units: Sequence[Units]
    estimates: Mapping[str, Mapping[str, int]]
    steps: Sequence[Sequence[str]]
    patient_of: Mapping[str, str]


def content(results: "Results", of: bytes) -> bytes:
    """Return the content of `units.json`: the units of a run's estimates and steps.

    Args:
        results: the results of the run.
        of: the content of its `results.json`.
    """
    places: dict[int, int] = {}
    lists: list[Units] = []
    estimates: dict[str, dict[str, int]] = {}
    for outcome in results.outcomes:
        for name, units in (outcome.result.units if outcome.result else {}).items():
            if id(units) not in places:
                places[id(units)] = len(lists)
                lists.append(as_units(units))
            estimates.setdefault(outcome.name, {})[name] = places[id(units)]
    kept = _StoredUnits(
        format=FORMAT,
        results=_digest(of),
        units=lists,
        estimates=estimates,
        steps=[step.units for step in results.attrition],
        patient_of=results.patient_of,
    )
    return msgspec.json.encode(kept)


def attach(results: "Results", of: bytes, folder: Path) -> "Results":
    """Return the results with their units; unchanged if the file is missing or of another run."""
    try:
        kept = msgspec.json.decode((folder / FILE).read_bytes(), type=_StoredUnits)
    except (OSError, msgspec.MsgspecError):
        return results
    if (kept.format, kept.results) != (FORMAT, _digest(of)):
        return results
    return replace(
        results,
        patient_of=kept.patient_of,
        outcomes=[_with_units(outcome, kept) for outcome in results.outcomes],
        attrition=[
            replace(step, units=units)
            for step, units in zip(results.attrition, kept.steps, strict=True)
        ],
    )


def _with_units(outcome: "Outcome", kept: _StoredUnits) -> "Outcome":
    places = kept.estimates.get(outcome.name, {})
    if outcome.result is None:
        return outcome
    units = {name: kept.units[place] for name, place in places.items()}
    return replace(outcome, result=replace(outcome.result, units=units))


def forget(folder: Path) -> None:
    """Delete the units of an earlier run.

    Raises:
        StoreError: the file cannot be deleted.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        path.unlink(missing_ok=True)


def _digest(of: bytes) -> str:
    return hashlib.sha256(of).hexdigest()
