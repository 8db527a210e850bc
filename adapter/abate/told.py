"""What the stages tell on their way: one function an event, the sentence beside its fields."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from abate.pace import duration
from abate.say import Say

if TYPE_CHECKING:
    from abate.change import Change
    from abate.cohort import Cohort
    from abate.mapping import Accounted
    from abate.outcome import Outcome
    from abate.results import Results
    from abate.runs import Run
    from abate.small_cells import Rule


def stage(say: Say, name: str, text: str = "") -> None:
    """A stage begins: pull, map, assemble, analyse, publish."""
    say(text, event="stage.begin", stage=name)


def mapped(say: Say, accounted: Sequence["Accounted"]) -> None:
    """What became of the resources of each type."""
    for one in accounted:
        say(
            f"mapped {one.type}: {one.mapped} of {one.received}, {one.ignored} ignored, "
            f"{one.rejected} rejected",
            event="mapping.done",
            type=one.type,
            received=one.received,
            mapped=one.mapped,
            ignored=one.ignored,
            rejected=one.rejected,
        )


def withheld(say: Say, codes: Sequence[str]) -> None:
    """That the server withholds rows, if it said so."""
    if codes:
        say(
            f"warning: the server withholds rows ({', '.join(codes)}): they are not in the "
            'results, since [source] withheld is "accept"'
        )


def assembled(say: Say, cohort: "Cohort") -> None:
    """How large the cohort is."""
    lesions, patients = cohort.analysed.height, cohort.analysed["patient_id"].n_unique()
    say(
        f"assembled {lesions} lesions of {patients} patients",
        event="cohort.done",
        lesions=lesions,
        patients=patients,
    )


def analysed(say: Say, outcome: "Outcome") -> "Outcome":
    """How an analysis ended; gives it on."""
    state = "failed" if outcome.result is None else "done"
    if outcome.result is not None and outcome.result.reason:
        state = "not estimable"
    say(
        f"analysis {outcome.name}: {state}",
        event="analysis.done",
        level="error" if state == "failed" else "info",
        analysis=outcome.name,
        use=outcome.use,
        state=state,
    )
    return outcome


def lacking_units(say: Say, found: "Results", rule: "Rule") -> None:
    """Which analyses give estimates that a release must leave out."""
    from abate.results import lacking_units as lacking
    from abate.small_cells import needs_units

    for name, number in lacking(found).items() if needs_units(found, rule) else ():
        say(
            f"the analysis {name!r} does not say which units {number} of its estimates used: they "
            "are shown here and withheld in every release. Tell its author: Result.units.",
            event="analysis.units",
            level="warning",
            analysis=name,
            estimates=number,
        )


def published(say: Say, changes: Sequence["Change"], *, dry_run: bool) -> None:
    """How many resources of the target change."""
    from abate.progress import count

    found = count(changes)
    say(
        "",
        event="publish.done",
        dry_run=dry_run,
        create=found["create"],
        update=found["update"],
        retract=found["retract"],
        unchanged=found["unchanged"],
    )


def ended(say: Say, run: "Run") -> None:
    """How the run ended; why it failed is told to people by the last line of the command."""
    say(
        _sentence(run) if run.exit_code == 0 else "",
        event="run.end",
        level="info" if run.exit_code == 0 else "error",
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


def _sentence(run: "Run") -> str:
    parts = [f"{run.command} done in {duration(run.seconds or 0)}"]
    if run.queries:
        parts.append(f"{run.received} resources, {run.rejected} rejected")
    if run.lesions_analysed is not None:
        parts.append(f"{run.lesions_analysed} lesions, {len(run.analyses)} analyses")
    if run.changes:
        counts = ", ".join(f"{action} {n}" for action, n in run.changes.items())
        parts.append(f"would {counts}" if run.dry_run else counts)
    for name, found in (("warnings", run.warnings), ("notes", run.notes)):
        if found:
            parts.append(f"{name}: {len(found)}")
    return f"{'; '.join(parts)} (run {run.run_id})"
