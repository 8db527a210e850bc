"""What a run found, as it is kept in `results.json`: for `publish`, and for programs."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
import polars as pl

from abate.cohort import Cohort
from abate.errors import AbateError, NothingFound, StoreError
from abate.outcome import Outcome
from abate.settings import StudyFile

FILE = "results.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the attrition table."""

    stage: str
    reason: str
    unit: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the results were computed from: counts and one digest, and no resource's name."""

    server: str
    counts: Mapping[str, int]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run's results. `period` is the first index month and the last follow-up month.

    Local and whole: small cells are not hidden here, so that the file is not for release.
    """

    format: int
    release: str
    study: str
    title: str
    synthetic: bool
    study_digest: str
    run_id: str
    version: str
    period: tuple[str, str]
    patients: int
    lesions: int
    inputs: Inputs
    attrition: Sequence[Step]
    outcomes: Sequence[Outcome]

    @property
    def failed(self) -> list[Outcome]:
        """The analyses that stopped with an error."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]


def refuse_empty(cohort: Cohort) -> None:
    """Stop where no lesion is left to analyse; the store keeps the rows and the attrition.

    Raises:
        NothingFound: says where the lesions went.
    """
    if cohort.analysed.height:
        return
    why = [
        f"{step.n} {step.reason or step.stage} ({step.unit})"
        for step in steps(cohort)
        if step.stage in ("no lesion", "excluded", "scores not linked", "rejected")
    ]
    raise NothingFound(
        "the cohort is empty: no lesion is left to analyse. What was left out: "
        f"{'; '.join(why) or 'nothing'}. The attrition is kept in the store."
    )


def collect(
    study_file: StudyFile,
    run_id: str,
    cohort: Cohort,
    pulled: tuple[Mapping[str, int], str],
    outcomes: Sequence[Outcome],
) -> Results:
    """Put a run's findings together."""
    settings = study_file.settings
    counts, digest = pulled
    return Results(
        format=FORMAT,
        release="small cells: not for release",
        study=settings.study.id,
        title=settings.study.title or settings.study.id,
        synthetic=settings.study.synthetic,
        study_digest=study_file.digest,
        run_id=run_id,
        version=version("abate"),
        period=_period(cohort, settings.study.timezone),
        patients=cohort.analysed["patient_id"].n_unique(),
        lesions=cohort.analysed.height,
        inputs=Inputs(server=settings.source.url, counts=counts, digest=digest),
        attrition=steps(cohort),
        outcomes=outcomes,
    )


def steps(cohort: Cohort) -> list[Step]:
    """The attrition table as steps."""
    return [Step(**row) for row in cohort.attrition.iter_rows(named=True)]


def _period(cohort: Cohort, zone: str) -> tuple[str, str]:
    months = pl.concat([cohort.analysed["index_start"], cohort.analysed["follow_up_end"]])
    local = months.drop_nulls().dt.convert_time_zone(zone).dt.strftime("%Y-%m").sort()
    return local[0], local[-1]


def forget(folder: Path) -> None:
    """Drop an earlier run's results: the store has moved on, and they must not be published.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / FILE
    with _written(path):
        path.unlink(missing_ok=True)


def save(results: Results, folder: Path) -> Path:
    """Write `results.json`, whole or not at all, for the owner only."""
    path = folder / FILE
    text = msgspec.json.format(msgspec.json.encode(results), indent=2)
    write_private(path, text)
    return path


def load(folder: Path) -> Results:
    """Read `results.json`.

    Raises:
        AbateError: there is none, or another version of abate wrote it.
    """
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Results)
    except FileNotFoundError:
        raise AbateError(f"{path} is not there: run the study first: abate run") from None
    except (OSError, msgspec.MsgspecError):
        raise AbateError(f"{path} cannot be read: run the study again: abate run") from None
    if found.format != FORMAT:
        raise AbateError(f"{path} is of another version of abate: run the study again: abate run")
    return found


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only.

    Raises:
        StoreError: the disk refuses.
    """
    partial = path.with_name(f".{path.name}.partial")
    with _written(path):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
