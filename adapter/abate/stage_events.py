"""The log events of the stages: one function per event, with its sentence and its fields."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from abate.telemetry.log import Log
from abate.telemetry.throughput import duration

if TYPE_CHECKING:
    from abate.analysis.model import Result
    from abate.analysis.outcome import Outcome
    from abate.analysis.results import Results
    from abate.cohort.tables import Cohort
    from abate.config.noun import Noun
    from abate.disclosure import Rule
    from abate.mapping.accounts import Accounted
    from abate.publish.change import Change
    from abate.telemetry.history import Run


def begin_stage(log: Log, name: str, text: str = "") -> None:
    """Log the start of a stage: pull, map, assemble, analyse, publish or retract."""
    log.info(text, name="stage.begin", stage=name)


def report_torn_units(log: Log, units: Sequence[str]) -> None:
    """Warn that landed units of an earlier run are pulled again, since their files changed."""
    if units:
        log.warning(
            f"the files of {len(units)} units that an earlier run landed were changed or "
            "removed: these units are pulled again"
        )


def report_mapping(log: Log, accounted: Sequence["Accounted"]) -> None:
    """Log how many resources of each type were mapped, ignored and rejected."""
    for lines in accounted:
        log.info(
            f"mapped {lines.type}: {lines.mapped} of {lines.received}, {lines.ignored} ignored, "
            f"{lines.rejected} rejected",
            name="mapping.done",
            type=lines.type,
            received=lines.received,
            mapped=lines.mapped,
            ignored=lines.ignored,
            rejected=lines.rejected,
        )


def report_deleted(log: Log, deleted: Mapping[str, int]) -> None:
    """Log how many stored resources of each type were deleted on the server."""
    for kind, n in deleted.items():
        log.info(
            f"{n} resources of type {kind} were deleted on the server: they no longer count",
            name="mapping.deleted",
            type=kind,
            deleted=n,
        )


def report_withheld(log: Log, codes: Sequence[str]) -> None:
    """Warn that the server withholds rows, if it declares so with `codes`."""
    if codes:
        log.warning(
            f"the server withholds rows ({', '.join(codes)}): they are not in the "
            'results, since [source] withheld is "accept"'
        )


def report_cohort(log: Log, cohort: "Cohort", noun: "Noun") -> None:
    """Log the size of the cohort."""
    lesions, patients = cohort.analysed.height, cohort.analysed["patient_id"].n_unique()
    log.info(
        f"assembled {noun.count(lesions)} of {patients} patients",
        name="cohort.done",
        lesions=lesions,
        patients=patients,
    )


def report_repeat(log: Log, cohort: "Cohort", repeat: str) -> None:
    """Warn that `[index] repeat` has no effect on procedures that name no body site."""
    from abate.cohort.attrition import later_without_site

    later, sited = later_without_site(cohort.lesions)
    if not later or repeat == "first-per-patient" or (repeat == "first-per-site" and sited):
        return
    if repeat == "first-per-site":
        effect = "has the effect of first-per-patient: no index procedure names a body site"
    elif sited:
        effect = (
            f"has no effect on {later} later index procedures that name no body site: each counts "
            "as a new one"
        )
    else:
        effect = (
            "has no effect: no index procedure names a body site, and each of "
            f"{later} later ones counts as a new one"
        )
    log.warning(
        f"[index] repeat = {repeat!r} {effect}. To study only the first procedure of each patient, "
        "set repeat = 'first-per-patient'.",
        name="cohort.repeat",
        later=later,
    )


def report_misfit(log: Log, cohort: "Cohort") -> None:
    """Warn if more scores after the procedure are at no visit than at one."""
    from abate.cohort.window_fit import find_misfit

    if misfit := find_misfit(cohort):
        log.warning(misfit, name="cohort.visits")


def report_thin(log: Log, results: "Results") -> None:
    """Warn if the primary result rests on a small part of what was treated."""
    from abate.report.thin import describe_thin

    if thin := describe_thin(results):
        log.warning(thin, name="results.thin")


def report_analysis(log: Log, outcome: "Outcome") -> "Outcome":
    """Log how an analysis ended, and return its outcome."""
    state = "failed" if outcome.result is None else "done"
    if outcome.result is not None and outcome.result.reason:
        state = "not estimable"
    tell = log.error if state == "failed" else log.info
    tell(
        f"analysis {outcome.name}: {state}",
        name="analysis.done",
        analysis=outcome.name,
        use=outcome.use,
        state=state,
    )
    if outcome.result is not None:
        _report_contract(log, outcome.name, outcome.result)
    return outcome


def _report_contract(log: Log, name: str, result: "Result") -> None:
    """Log that an analysis declares no key estimate, or uses a deprecated attribute."""
    if result.estimates and not any(estimate.key for estimate in result.estimates):
        log.info(
            f"the analysis {name!r} declares no key estimate: abate uses the first one, "
            f"{result.estimates[0].name!r}. Its author can set Estimate(key=True).",
            name="analysis.key",
            analysis=name,
        )
    if result.splits:
        log.warning(
            f"the analysis {name!r} returns Result.splits, which is deprecated and has no effect. "
            "Its author must use Result.units instead.",
            name="analysis.deprecated",
            analysis=name,
        )


def report_missing_units(log: Log, results: "Results", rule: "Rule") -> None:
    """Warn of analyses with estimates that every release must withhold."""
    from abate.analysis.results import lacking_units as lacking
    from abate.disclosure import needs_units

    for name, number in lacking(results).items() if needs_units(results, rule) else ():
        log.warning(
            f"the analysis {name!r} does not declare the units of {number} of its estimates: they "
            "are shown here and withheld in every release. Its author must set Result.units.",
            name="analysis.units",
            analysis=name,
            estimates=number,
        )


def report_changes(log: Log, changes: Sequence["Change"], *, dry_run: bool) -> None:
    """Log which numbers of the target change, and how many resources."""
    from abate.publish.change import moves
    from abate.telemetry.progress import count

    for analysis, of_analysis in moves(changes).items():
        log.info("", name="publish.numbers", analysis=analysis, numbers="; ".join(of_analysis))

    counts = count(changes)
    log.info(
        "",
        name="publish.done",
        dry_run=dry_run,
        create=counts["create"],
        update=counts["update"],
        retract=counts["retract"],
        unchanged=counts["unchanged"],
    )


def report_end(log: Log, run: "Run", noun: "Noun") -> None:
    """Log how the run ended. After a failure the text is empty: the command prints the reason."""
    tell = log.info if run.exit_code == 0 else log.error
    tell(
        _sentence(run, noun) if run.exit_code == 0 else "",
        name="run.end",
        exit_code=run.exit_code,
        seconds=run.seconds,
        message=run.message,
        received=run.received,
        rejected=run.rejected,
        lesions=run.lesions_analysed,
        warnings=len(run.warnings),
        notes=len(run.notes),
        requests=run.requests,
    )


def _sentence(run: "Run", noun: "Noun") -> str:
    parts = [f"{run.command} done in {duration(run.seconds or 0)}"]
    if run.queries:
        parts.append(f"{run.received} resources, {run.rejected} rejected")
    if run.lesions_analysed is not None:
        parts.append(f"{noun.count(run.lesions_analysed)}, {len(run.analyses)} analyses")
    if run.changes:
        counts = ", ".join(f"{action} {n}" for action, n in run.changes.items())
        parts.append(f"would {counts}" if run.dry_run else counts)
    for name, number in (("warnings", run.warnings), ("notes", run.notes)):
        if number:
            parts.append(f"{name}: {len(number)}")
    return f"{'; '.join(parts)} (run {run.run_id})"
