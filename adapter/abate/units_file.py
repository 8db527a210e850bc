"""The units of a run's estimates, in a private file beside `results.json`, tied to it by a digest.

`publish` runs in another process than `run`. The file holds pseudonyms and keys of data, no more
than the store beside it does, and is never published.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from abate.outcome import Outcome
from abate.private_file import told_of_the_disk, write_private
from abate.units import Units, as_units

FILE = "units.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the file holds: equal units stand once.

    Attributes:
        format: of the file.
        results: the digest of the results that they belong to.
        units: each once.
        estimates: by analysis and estimate, the place in `units`.
    """

    format: int
    results: str
    units: Sequence[Units]
    estimates: Mapping[str, Mapping[str, int]]


def save(outcomes: Sequence[Outcome], of: bytes, folder: Path) -> None:
    """Write the units of a run's estimates, for the owner only.

    Args:
        outcomes: of the run.
        of: the content of its `results.json`.
        folder: where both lie.

    Raises:
        StoreError: the disk refuses.
    """
    places: dict[int, int] = {}
    found: list[Units] = []
    estimates: dict[str, dict[str, int]] = {}
    for outcome in outcomes:
        for name, units in (outcome.result.units if outcome.result else {}).items():
            if id(units) not in places:
                places[id(units)] = len(found)
                found.append(as_units(units))
            estimates.setdefault(outcome.name, {})[name] = places[id(units)]
    kept = _Kept(format=FORMAT, results=_digest(of), units=found, estimates=estimates)
    write_private(folder / FILE, msgspec.json.encode(kept))


def attached(outcomes: Sequence[Outcome], of: bytes, folder: Path) -> list[Outcome] | None:
    """The outcomes with their units; None if the file is missing, or belongs to other results."""
    try:
        kept = msgspec.json.decode((folder / FILE).read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None
    if (kept.format, kept.results) != (FORMAT, _digest(of)):
        return None
    return [
        one
        if one.result is None
        else replace(
            one,
            result=replace(
                one.result,
                units={
                    name: kept.units[place]
                    for name, place in kept.estimates.get(one.name, {}).items()
                },
            ),
        )
        for one in outcomes
    ]


def forget(folder: Path) -> None:
    """Drop the units of an earlier run.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / FILE
    with told_of_the_disk(path):
        path.unlink(missing_ok=True)


def _digest(of: bytes) -> str:
    return hashlib.sha256(of).hexdigest()
