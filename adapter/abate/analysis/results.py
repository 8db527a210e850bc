"""The results of a run, as stored in `results.json` for `publish` and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from abate.analysis import units_file
from abate.analysis.outcome import Outcome, reword
from abate.analysis.published_figures import ComparedFigure
from abate.cohort.inputs import Inputs, Members
from abate.config.noun import LESION, Noun
from abate.config.settings import StudyFile
from abate.errors import AbateError, NothingFound, disk_errors
from abate.telemetry.private_file import write_private

if TYPE_CHECKING:
    import polars as pl

    from abate.cohort.tables import Cohort

FILE = "results.json"
FORMAT = 2
# The sections of the study file that describe the methods.
_DESIGN = {
    "study",
    "index",
    "adjunct",
    "condition",
    "history",
    "event",
    "scores",
    "visits",
    "analysis",
    "report",
}
NOT_FOR_RELEASE = "small cells: not for release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the attrition table; `n` is None only in a release that hides it.

    `units` are the procedures, lesions or patients of the flow; they are never released.
    """

    stage: str
    reason: str
    unit: str
    n: int | None
    units: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results of one run.

    The results of a run are complete: small cells are not hidden, so they must not be released.
    `abate.disclosure.make_release` makes the release, in the same form.

    Attributes:
        release: whether the results may be released, in words.
        rule: the rule of small cells that was applied: a preset's name or a number, or empty.
        period: the first index month and the last follow-up month.
        patients: the number of analysed patients; None only in a release that hides it.
        lesions: the number of analysed lesions; None as for `patients`.
        cutoff: the data cut-off of the study file, or empty.
        data_until: the last day that the data cover: the cut-off, or the day of the pull.
        design: the codes, scores, visits and analyses of the study file, as plain values.
        statements: the statements of people for the reporting checklist, by item.
        reporter: the reporter named in the study file.
        members: the FHIR ids of patients and procedures, only if they may be listed.
        comparisons: the figures of the paper beside the study's, if the study file names a paper.
        not_assessable: the reasons by item, such as `event.complication`, for items of the study
            that could not be queried at the source.
        patient_of: the patient of each lesion, by pseudonyms; it is never released.
    """

    format: int
    release: str
    rule: str
    study: str
    title: str
    synthetic: bool
    study_digest: str
    run_id: str
    version: str
    period: tuple[str, str]
    patients: int | None
    lesions: int | None
    inputs: Inputs
    attrition: Sequence[Step]
    outcomes: Sequence[Outcome]
    cutoff: str = ""
    data_until: str = ""
    design: Mapping[str, Any] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    reporter: str = ""
    members: Members | None = None
    comparisons: Sequence[ComparedFigure] = ()
    not_assessable: Mapping[str, str] = field(default_factory=dict)
    patient_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[Outcome]:
        """The analyses that stopped with an error."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    @property
    def noun(self) -> Noun:
        """The study's word for a lesion."""
        given = self.design.get("study", {}).get("noun")
        return Noun(**given) if given else LESION


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The parts of a run besides its outcomes: the cohort, its inputs, the compared figures."""

    cohort: "Cohort"
    inputs: Inputs
    members: Members | None = None
    comparisons: Sequence[ComparedFigure] = ()


def refuse_empty(cohort: "Cohort", noun: Noun = LESION) -> None:
    """Stop if no lesion is left to analyse; the store keeps the rows and the attrition.

    Raises:
        NothingFound: gives the number of lesions that each step excluded.
    """
    if cohort.analysed.height:
        return
    why = [
        f"{step.n} {step.reason or step.stage} ({noun.reword(step.unit)})"
        for step in steps(cohort)
        if step.stage in ("no lesion", "excluded", "scores not linked", "rejected")
    ]
    raise NothingFound(
        f"the cohort is empty: no {noun.one} is left to analyse. Excluded: "
        f"{'; '.join(why) or 'nothing'}. The attrition is kept in the store."
    )


def collect(
    study_file: StudyFile, run_id: str, gathered: Gathered, outcomes: Sequence[Outcome]
) -> Results:
    """Combine the outcomes and the other parts of a run."""
    settings, cohort = study_file.settings, gathered.cohort
    return Results(
        format=FORMAT,
        release=NOT_FOR_RELEASE,
        rule="",
        study=settings.study.id,
        title=settings.study.title or settings.study.id,
        synthetic=settings.study.synthetic,
        study_digest=study_file.digest,
        run_id=run_id,
        version=version("abate"),
        period=_period(cohort, settings.study.timezone),
        patients=cohort.analysed["patient_id"].n_unique(),
        lesions=cohort.analysed.height,
        inputs=gathered.inputs,
        attrition=steps(cohort),
        outcomes=[reword(outcome, settings.study.unit) for outcome in outcomes],
        cutoff=settings.study.cutoff.isoformat() if settings.study.cutoff else "",
        data_until=cohort.cutoff.isoformat(),
        design=settings.model_dump(mode="json", by_alias=True, include=_DESIGN, exclude_none=True),
        statements=settings.statements,
        reporter=settings.report.reporter,
        members=gathered.members,
        comparisons=gathered.comparisons,
        not_assessable=cohort.not_assessable,
        patient_of=dict(cohort.lesions.select("lesion_id", "patient_id").rows()),
    )


def steps(cohort: "Cohort") -> list[Step]:
    """Return the attrition table as steps, with the units of the flow."""
    # Imported here, since it needs polars and `abate publish`, which reads results, does not.
    from abate.cohort.attrition import flow_units

    known = flow_units(cohort.lesions)
    return [
        Step(**row, units=known.get((row["stage"], row["reason"], row["unit"]), ()))
        for row in cohort.attrition.iter_rows(named=True)
    ]


def _period(cohort: "Cohort", zone: str) -> tuple[str, str]:
    """Return the months of the first index procedure and of the last day of follow-up."""
    months = [
        month
        for column in ("index_start", "follow_up_end")
        for month in _months(cohort.analysed[column], zone)
    ]
    return min(months), max(months)


def _months(moments: "pl.Series", zone: str) -> list[str]:
    return moments.drop_nulls().dt.convert_time_zone(zone).dt.strftime("%Y-%m").to_list()


def forget(folder: Path) -> None:
    """Delete the results of an earlier run: the store has changed, so they must not be published.

    Raises:
        StoreError: the file cannot be deleted.
    """
    path = folder / FILE
    with disk_errors(f"{path} cannot be written"):
        path.unlink(missing_ok=True)
    units_file.forget(folder)


def plain(results: Results) -> dict[str, Any]:
    """Return results as plain values, without the units of their estimates, which stay private."""
    content: dict[str, Any] = msgspec.to_builtins(without_units(results))
    del content["patient_of"]
    for step in content["attrition"]:
        del step["units"]
    for outcome in content["outcomes"]:
        if outcome["result"] is not None:
            del outcome["result"]["units"]
    return content


def without_units(results: Results) -> Results:
    """Return the same results without the units of their estimates."""
    outcomes = [
        replace(outcome, result=replace(outcome.result, units={})) if outcome.result else outcome
        for outcome in results.outcomes
    ]
    attrition = [replace(step, units=()) for step in results.attrition]
    return replace(results, outcomes=outcomes, attrition=attrition, patient_of={})


def has_units(results: Results) -> bool:
    """Whether any units are known: a run has them, a release does not."""
    of_estimates = any(outcome.result.units for outcome in results.outcomes if outcome.result)
    return of_estimates or any(step.units for step in results.attrition)


def lacking_units(results: Results) -> dict[str, int]:
    """Return the number of estimates without units by analysis, if not 0."""
    return {
        outcome.name: number
        for outcome in results.outcomes
        if outcome.result
        and (number := len({e.name for e in outcome.result.estimates} - {*outcome.result.units}))
    }


def save(results: Results, folder: Path) -> Path:
    """Write `results.json` atomically, for the owner only, and the units beside it."""
    path = folder / FILE
    text = as_json(results)
    if has_units(results):
        write_private(folder / units_file.FILE, units_file.content(results, text))
    write_private(path, text)
    return path


def as_json(results: Results) -> bytes:
    """Return the content of `results.json`: everything but the units."""
    return msgspec.json.format(msgspec.json.encode(plain(results)), indent=2)


def load(folder: Path, again: str = "abate run") -> Results:
    """Read `results.json`, with the units from the file beside it, if that file exists.

    Args:
        folder: the output folder.
        again: the command that makes it, for the error.

    Raises:
        AbateError: it does not exist, or another version of abate wrote it.
    """
    path = folder / FILE
    try:
        text = path.read_bytes()
        results = msgspec.json.decode(text, type=Results)
    except FileNotFoundError:
        raise AbateError(f"{path} does not exist: run the study first: {again}") from None
    except (OSError, msgspec.MsgspecError):
        raise AbateError(f"{path} cannot be read: run the study again: {again}") from None
    if results.format != FORMAT:
        raise AbateError(
            f"{path} was written by another version of abate: run the study again: {again}"
        )
    return units_file.attach(results, text, folder)
